import { PanelBuilder as PieChartPanel } from '@grafana/grafana-foundation-sdk/piechart';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import * as common from '@grafana/grafana-foundation-sdk/common';
import { countsPie } from './logins';
import { BAD, GOOD, countsOverTime, fixedOverride } from './style';
import { DATASOURCE, MANY_GROUPS, OF_COUNTRY, target } from './target';

export function loginsByServiceToken(): TimeSeriesPanel {
  return countsOverTime(
    'Logins without identity by service token',
    'From the GraphQL Analytics API, which can sample. A series without a token is mTLS or another rule without identity.'
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
    .span(16)
    .height(9);
}

export function mtlsStatus(): PieChartPanel {
  return countsPie('mTLS status', 'Logins by the verdict on the client certificate. NONE: no certificate was shown.')
    .withTarget(
      target({
        queryType: 'login_groups',
        format: 'table',
        filters: [OF_COUNTRY],
        groupBy: ['mtlsStatus'],
        limit: MANY_GROUPS,
      })
    )
    .span(8)
    .height(9);
}

export function scimUpdates(): TimeSeriesPanel {
  return countsOverTime('SCIM updates by outcome', 'Of every identity provider that has SCIM on.')
    .datasource(DATASOURCE)
    .withTarget(target({ queryType: 'scim_updates', format: 'time_series', filters: [], groupBy: ['outcome'] }))
    .overrideByRegexp('/success/i', fixedOverride(GOOD))
    .overrideByRegexp('/failure/i', fixedOverride(BAD))
    .span(10)
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
    .noValue('–')
    .cellHeight(common.TableCellHeight.Sm)
    .span(14)
    .height(9);
}
