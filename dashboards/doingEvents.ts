import type { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { graph, of, ranged, rate } from './prometheus';
import { COUNT_UNIT, dashed } from './style';

export function fetchedAndServed(): TimeSeriesPanel {
  return graph(
    'Events fetched and served',
    'Events per second in Cloudflare’s answers (fetched), in the answers to queries (served), and from memory (kept).'
  )
    .withTarget(ranged('A', rate('fetched_rows_total'), 'fetched'))
    .withTarget(ranged('B', rate('served_rows_total'), 'served'))
    .withTarget(ranged('C', rate('cached_rows_total'), 'kept'))
    .unit('eps');
}

export function keptMemory(): TimeSeriesPanel {
  return graph('Memory of kept events', 'Memory that the data source uses for events between queries, and its limit.')
    .withTarget(ranged('A', of('event_log_bytes'), '{{datasource_uid}} kept'))
    .withTarget(ranged('B', of('event_log_limit_bytes'), '{{datasource_uid}} limit'))
    .overrideByRegexp('/ limit$/', dashed())
    .unit('bytes');
}

export function keptEvents(): TimeSeriesPanel {
  return graph('Kept events', 'Events that the data source keeps between queries.')
    .withTarget(ranged('A', of('event_log_events'), '{{datasource_uid}}'))
    .unit(COUNT_UNIT);
}
