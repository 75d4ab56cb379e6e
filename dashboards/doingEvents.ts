import type { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { graph, of, ranged, rate } from './prometheus';
import { COUNT_UNIT, dashed } from './style';

export function fetchedAndServed(): TimeSeriesPanel {
  return graph(
    'Events fetched and served',
    'Events in a second: in the answers of Cloudflare, in the answers to queries, and kept from earlier queries.'
  )
    .withTarget(ranged('A', rate('fetched_rows_total'), 'fetched'))
    .withTarget(ranged('B', rate('served_rows_total'), 'served'))
    .withTarget(ranged('C', rate('cached_rows_total'), 'kept'))
    .unit('eps');
}

export function keptMemory(): TimeSeriesPanel {
  return graph('Memory of kept events', 'What the event log holds between queries, and its limit.')
    .withTarget(ranged('A', of('event_log_bytes'), '{{datasource_uid}} kept'))
    .withTarget(ranged('B', of('event_log_limit_bytes'), '{{datasource_uid}} limit'))
    .overrideByRegexp('/ limit$/', dashed())
    .unit('bytes');
}

export function keptEvents(): TimeSeriesPanel {
  return graph('Kept events', 'Events that the event log holds between queries.')
    .withTarget(ranged('A', of('event_log_events'), '{{datasource_uid}}'))
    .unit(COUNT_UNIT);
}
