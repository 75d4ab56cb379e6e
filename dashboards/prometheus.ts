import * as common from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';

/** The Prometheus that the dashboard's variable chooses. */
export const PROMETHEUS: common.DataSourceRef = { type: 'prometheus', uid: '${prometheus}' };

/** A metric of the chosen data sources. */
export function of(metric: string, matchers = ''): string {
  return `cfaccess_${metric}{datasource_uid=~"$source"${matchers === '' ? '' : `,${matchers}`}}`;
}

/** How much a counter grows in a second, by labels. */
export function rate(metric: string, by: string, matchers = ''): string {
  return `sum by (${by}) (rate(${of(metric, matchers)}[$__rate_interval]))`;
}

/** How much a counter grows in the dashboard's time range; 0 where it has not counted yet. */
export function increase(metric: string, matchers = ''): string {
  return `(sum(increase(${of(metric, matchers)}[$__range])) or vector(0))`;
}

/** A quantile of a histogram by a label. */
export function quantile(share: number, metric: string, by: string): string {
  return `histogram_quantile(${share}, sum by (le, ${by}) (rate(${of(`${metric}_bucket`)}[$__rate_interval])))`;
}

/** A query over the time range. */
export function ranged(refId: string, expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId).datasource(PROMETHEUS).expr(expr).legendFormat(legend).range();
}

/** One value for the time range. */
export function single(expr: string): DataqueryBuilder {
  return new DataqueryBuilder().refId('A').datasource(PROMETHEUS).expr(expr).instant();
}

export function graph(title: string, description: string): TimeSeriesPanel {
  return new TimeSeriesPanel()
    .title(title)
    .description(description)
    .datasource(PROMETHEUS)
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(common.VisibilityMode.Never)
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)
    )
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
    )
    .span(8)
    .height(9);
}

export function stacked(panel: TimeSeriesPanel): TimeSeriesPanel {
  return panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A')).fillOpacity(60);
}

export function figure(title: string, description: string, expr: string): StatPanel {
  return new StatPanel()
    .title(title)
    .description(description)
    .datasource(PROMETHEUS)
    .withTarget(single(expr))
    .text(new common.VizTextDisplayOptionsBuilder().valueSize(40))
    .textMode(common.BigValueTextMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .noValue('No queries')
    .span(6)
    .height(4);
}
