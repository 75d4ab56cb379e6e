import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  BAD,
  GOOD,
  NO_VALUE,
  countsOverTime,
  fixedOverride,
  label,
  shadesOverride,
  tableLegend,
  width,
  wrapped,
} from './style';
import { DATASOURCE, OF_COUNTRY, target } from './target';

export function loginsByServiceToken(): TimeSeriesPanel {
  return countsOverTime(
    'Logins without identity by service token',
    'From the GraphQL Analytics API, which can sample; the variable Application does not apply. A login without a token used mTLS or another rule without identity.'
  )
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'login_groups',
        format: 'time_series',
        filters: [{ field: 'identityProvider', operator: '=', values: ['nonidentity'] }, OF_COUNTRY],
        groupBy: ['serviceTokenId'],
      })
    )
    .maxDataPoints(80)
    .legend(tableLegend())
    .span(14)
    .height(9);
}

export function mtlsStatus(): TimeSeriesPanel {
  return countsOverTime(
    'Logins with a client certificate by mTLS status',
    'Logins that showed no certificate are left out. The variable Application does not apply.'
  )
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'login_groups',
        format: 'time_series',
        filters: [{ field: 'mtlsStatus', operator: '!=', values: ['NONE', ''] }, OF_COUNTRY],
        groupBy: ['mtlsStatus'],
      })
    )
    .overrideByRegexp('/SUCCESS/i', fixedOverride(GOOD))
    .overrideByRegexp('/FAIL|EXPIRED|REVOKED/i', shadesOverride(BAD))
    .span(10)
    .height(9);
}

export function scimUpdates(): TimeSeriesPanel {
  return countsOverTime('SCIM updates by outcome', 'Of every identity provider that has SCIM on.')
    .datasource(DATASOURCE)
    .withTarget(target({ queryType: 'scim_updates', format: 'time_series', filters: [], groupBy: ['outcome'] }))
    .overrideByRegexp('/success/i', fixedOverride(GOOD))
    .overrideByRegexp('/failure/i', fixedOverride(BAD))
    .span(8)
    .height(9);
}

export function scimFailures(): TablePanel {
  return new TablePanel()
    .title('SCIM updates that failed')
    .description('Newest first.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'scim_updates',
        format: 'table',
        filters: [{ field: 'outcome', operator: '=', values: ['failure'] }],
        fields: [
          'logged_at',
          'request_method',
          'resource_type',
          'resource_user_email',
          'resource_group_name',
          'error_description',
        ],
      })
    )
    .noValue(NO_VALUE)
    .overrideByName(label('scim_updates', 'logged_at'), width(170))
    .overrideByName(label('scim_updates', 'request_method'), width(80))
    .overrideByName(label('scim_updates', 'resource_type'), width(115))
    .overrideByName(label('scim_updates', 'resource_group_name'), width(130))
    .overrideByName(label('scim_updates', 'error_description'), wrapped())
    .cellHeight(common.TableCellHeight.Sm)
    .span(16)
    .height(9);
}
