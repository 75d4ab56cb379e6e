import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { figure, graph, increase, of, quantile, ranged, rate, stacked } from './prometheus';
import { BAD, COUNT_UNIT, GOOD, NEUTRAL, fixed, fixedOverride, limits, reduced } from './style';

export function refusedCalls(): StatPanel {
  return figure(
    'Calls refused',
    'Calls that the data source didn’t make because the rate limit had none left in time, and calls that Cloudflare refused because of the limit.',
    `${increase('budget_refused_calls_total')} + ${increase('calls_total', 'result="rate_limit"')}`
  )
    .unit(COUNT_UNIT)
    .decimals(0)
    .reduceOptions(reduced('lastNotNull'))
    .thresholds(limits({ [BAD]: 1 }));
}

export function callsSaved(): StatPanel {
  return figure(
    'Calls saved',
    'Share of calls that queries didn’t need to make because the data source keeps events from earlier queries.',
    `${increase('saved_calls_total')} / ((${increase('saved_calls_total')} + ${increase('calls_total')}) > 0)`
  )
    .unit('percentunit')
    .decimals(0)
    .reduceOptions(reduced('lastNotNull'))
    .colorScheme(fixed(NEUTRAL));
}

export function callsByResult(): TimeSeriesPanel {
  return stacked(graph('Calls by result', 'Calls to Cloudflare per second, including retries.'))
    .withTarget(ranged('A', rate('calls_total', 'api, result'), '{{api}} {{result}}'))
    .unit('reqps')
    .overrideByRegexp('/ ok$/', [{ id: 'color', value: { mode: 'shades', fixedColor: GOOD } }])
    .overrideByRegexp('/rate_limit$/', fixedOverride(BAD));
}

export function callDuration(): TimeSeriesPanel {
  return graph(
    'Call duration',
    'Median and 95th percentile of the HTTP exchange, and the average time that calls waited for the rate limit.'
  )
    .withTarget(ranged('A', quantile(0.5, 'call_duration_seconds', 'api'), '{{api}} median'))
    .withTarget(ranged('B', quantile(0.95, 'call_duration_seconds', 'api'), '{{api}} 95%'))
    .withTarget(
      ranged('C', `${rate('budget_wait_seconds_total', 'api')} / (${rate('calls_total', 'api')} > 0)`, '{{api}} waited')
    )
    .fillOpacity(0)
    .unit('s');
}

export function budgetLeft(): TimeSeriesPanel {
  return graph(
    'Rate limit left',
    'Share of the calls that Cloudflare allows in a window that are left, no matter who used the others.'
  )
    .withTarget(
      ranged('A', `${of('budget_left_calls')} / (${of('budget_limit_calls')} > 0)`, '{{datasource_uid}} {{api}}')
    )
    .fillOpacity(0)
    .unit('percentunit')
    .max(1);
}
