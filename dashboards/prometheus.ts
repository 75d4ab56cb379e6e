import * as common from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { listLegend, number, stacking, tooltip } from './style';

/** The Prometheus that the dashboard's variable chooses. */
export const PROMETHEUS: common.DataSourceRef = { type: 'prometheus', uid: '${prometheus}' };

/** A metric of the chosen data sources. */
export function of(metric: string, matchers = ''): string {
  return `cfaccess_${metric}{datasource_uid=~"$source"${matchers === '' ? '' : `,${matchers}`}}`;
}

/** How much a counter grows in a second, by labels; in total without them. */
export function rate(metric: string, by = '', matchers = ''): string {
  return `sum${by === '' ? '' : ` by (${by}) `}(rate(${of(metric, matchers)}[$__rate_interval]))`;
}

/**
 * How much a counter grows in the dashboard's time range; 0 where it has not counted yet. Prometheus does not see the
 * first count of a series, which for a fault may be the only one: a series that the range began without counts whole.
 */
export function increase(metric: string, matchers = ''): string {
  const counter = of(metric, matchers);
  const grown = `increase(${counter}[$__range]) and ${counter} offset $__range or max_over_time(${counter}[$__range])`;
  return `(sum(${grown}) or vector(0))`;
}

/** A quantile of a histogram, by a label or of all. */
export function quantile(share: number, metric: string, by?: string): string {
  return `histogram_quantile(${share}, ${rate(`${metric}_bucket`, by === undefined ? 'le' : `le, ${by}`)})`;
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
    .tooltip(tooltip())
    .legend(listLegend())
    .span(8)
    .height(9);
}

export function stacked(panel: TimeSeriesPanel): TimeSeriesPanel {
  return panel.stacking(stacking()).fillOpacity(60);
}

export function figure(title: string, description: string, expr: string): StatPanel {
  return number(title, description).datasource(PROMETHEUS).withTarget(single(expr)).noValue('No queries');
}
