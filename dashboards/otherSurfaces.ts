import { defaultGroupBy, outcomeFilter } from '../catalogue/index';
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
  outcomeColors,
  shadesOverride,
  tableLegend,
  width,
  wrapped,
} from './style';
import { DATASOURCE, OF_APPLICATION, OF_COUNTRY, target } from './target';

export function loginsByServiceToken(): TimeSeriesPanel {
  return countsOverTime(
    'Logins without an identity by service token',
    'From the GraphQL Analytics API, which can sample. A login without a token used mTLS or another rule that needs no identity.'
  )
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'login_groups',
        format: 'time_series',
        filters: [{ field: 'identityProvider', operator: '=', values: ['nonidentity'] }, OF_APPLICATION, OF_COUNTRY],
        groupBy: ['serviceTokenName'],
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
    'Doesn’t include logins without a certificate.'
  )
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'login_groups',
        format: 'time_series',
        filters: [{ field: 'mtlsStatus', operator: '!=', values: ['NONE', ''] }, OF_APPLICATION, OF_COUNTRY],
        groupBy: ['mtlsStatus'],
      })
    )
    .overrideByRegexp('/SUCCESS/i', fixedOverride(GOOD))
    .overrideByRegexp('/FAIL|EXPIRED|REVOKED/i', shadesOverride(BAD))
    .span(10)
    .height(9);
}

export function scimUpdates(): TimeSeriesPanel {
  const queryType = 'scim_updates';
  const panel = countsOverTime('SCIM updates by outcome', 'From every identity provider that uses SCIM.')
    .datasource(DATASOURCE)
    .withTarget(target({ queryType, format: 'time_series', filters: [], groupBy: defaultGroupBy(queryType) }))
    .span(8)
    .height(9);
  return outcomeColors(panel, queryType);
}

export function scimFailures(): TablePanel {
  return new TablePanel()
    .title('Failed SCIM updates')
    .description('Newest first.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'scim_updates',
        format: 'table',
        filters: [outcomeFilter('scim_updates', 'refused')],
        fields: [
          'logged_at',
          'error_description',
          'resource_user_email',
          'resource_group_name',
          'request_method',
          'resource_type',
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
