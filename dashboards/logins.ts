import { defaultGroupBy } from '../catalogue/index';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  PanelBuilder as PieChartPanel,
  PieChartLegendOptionsBuilder,
  PieChartLegendValues,
  PieChartType,
} from '@grafana/grafana-foundation-sdk/piechart';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import {
  BAD,
  COUNT_UNIT,
  NO_VALUE,
  countedRows,
  countsOverTime,
  fixed,
  label,
  leastWidth,
  outcomeColors,
  width,
} from './style';
import { BLOCKED_LOGINS, DATASOURCE, LOGINS, MANY_GROUPS, target } from './target';

const TOP = 10;

/** A bar in the cell, with the number behind it. */
export const GAUGE_CELL = {
  type: common.TableCellDisplayMode.Gauge,
  mode: common.BarGaugeDisplayMode.Gradient,
  valueDisplayMode: common.BarGaugeValueMode.Text,
};

export function loginsByOutcome(): TimeSeriesPanel {
  const queryType = 'access_requests';
  const panel = countsOverTime(
    'Logins by outcome',
    'Sign-ins with an identity. Buckets are whole, so the oldest one starts a little before the time range. The newest one is still filling up.'
  )
    .datasource(DATASOURCE)
    .withTarget(target({ queryType, format: 'time_series', filters: LOGINS, groupBy: defaultGroupBy(queryType) }))
    .span(16)
    .height(9);
  return outcomeColors(panel, queryType);
}

export function identityProviders(): PieChartPanel {
  return new PieChartPanel()
    .title('Identity providers')
    .description('Allowed and blocked logins by the type of the identity provider.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: LOGINS,
        groupBy: ['connection'],
        limit: MANY_GROUPS,
      })
    )
    .unit(COUNT_UNIT)
    .pieType(PieChartType.Donut)
    .reduceOptions(countedRows(TOP))
    .legend(
      new PieChartLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Right)
        .showLegend(true)
        .values([PieChartLegendValues.Value, PieChartLegendValues.Percent])
    )
    .span(8)
    .height(9);
}

/** Groups of blocked logins, largest first, with a bar each. This is a table, because a bar gauge cuts names off. */
export function blockedBy(title: string, field: string, span: number): TablePanel {
  return new TablePanel()
    .title(title)
    .description('Blocked logins, largest first.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: BLOCKED_LOGINS,
        groupBy: [field],
        limit: MANY_GROUPS,
      })
    )
    .unit(COUNT_UNIT)
    .min(0)
    .colorScheme(fixed(BAD))
    .noValue(NO_VALUE)
    .overrideByFieldType('string', [{ id: 'noValue', value: '(none)' }])
    .overrideByName(label('access_requests', 'country'), width(90))
    .cellHeight(common.TableCellHeight.Sm)
    .overrideByFieldType('number', [...leastWidth(90), { id: 'custom.cellOptions', value: GAUGE_CELL }])
    .span(span)
    .height(11);
}

export function latestBlockedLogins(): TablePanel {
  return new TablePanel()
    .title('Latest blocked logins')
    .description('Newest first. Select a Ray ID to see why Access blocked that login.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: BLOCKED_LOGINS,
        fields: ['created_at', 'user_email', 'ray_id', 'app_name', 'country', 'ip_address', 'connection', 'app_domain'],
        direction: 'desc',
      })
    )
    .noValue(NO_VALUE)
    .filterable(true)
    .overrideByName(label('access_requests', 'created_at'), width(165))
    .overrideByName(label('access_requests', 'user_email'), width(225))
    .overrideByName(label('access_requests', 'country'), width(95))
    .overrideByName(label('access_requests', 'ip_address'), width(140))
    .overrideByName(label('access_requests', 'connection'), width(155))
    .overrideByName(label('access_requests', 'ray_id'), width(175))
    .cellHeight(common.TableCellHeight.Sm)
    .span(24)
    .height(10);
}
