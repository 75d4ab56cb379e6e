import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { figure, graph, increase, of, quantile, ranged, rate, stacked } from './prometheus';
import { BAD, COUNT_UNIT, GOOD, NEUTRAL, fixed, fixedOverride, limits, reduced } from './style';

export function refusedCalls(): StatPanel {
  return figure(
    'Calls refused',
    'Calls that were not made, because the rate limit had none left in time, and calls that Cloudflare refused for it.',
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
    'In percent of the calls that queries would have taken without what is kept of earlier ones.',
    `${increase('saved_calls_total')} / ((${increase('saved_calls_total')} + ${increase('calls_total')}) > 0)`
  )
    .unit('percentunit')
    .decimals(0)
    .reduceOptions(reduced('lastNotNull'))
    .colorScheme(fixed(NEUTRAL));
}

export function callsByResult(): TimeSeriesPanel {
  return stacked(graph('Calls by result', 'Calls in a second that Cloudflare saw, tries counted.'))
    .withTarget(ranged('A', rate('calls_total', 'api, result'), '{{api}} {{result}}'))
    .unit('reqps')
    .overrideByRegexp('/ ok$/', [{ id: 'color', value: { mode: 'shades', fixedColor: GOOD } }])
    .overrideByRegexp('/rate_limit$/', fixedOverride(BAD));
}

export function callDuration(): TimeSeriesPanel {
  return graph(
    'Call duration',
    'Median and 95th percentile of the HTTP exchange, and the mean time that calls waited for the rate limit.'
  )
    .withTarget(ranged('A', quantile(0.5, 'call_duration_seconds', 'api'), '{{api}} median'))
    .withTarget(ranged('B', quantile(0.95, 'call_duration_seconds', 'api'), '{{api}} 95 %'))
    .withTarget(
      ranged('C', `${rate('budget_wait_seconds_total', 'api')} / (${rate('calls_total', 'api')} > 0)`, '{{api}} waited')
    )
    .fillOpacity(0)
    .unit('s');
}

export function budgetLeft(): TimeSeriesPanel {
  return graph('Rate limit left', 'Calls that are left of what Cloudflare allows in a window, whoever spends them.')
    .withTarget(
      ranged('A', `${of('budget_left_calls')} / (${of('budget_limit_calls')} > 0)`, '{{datasource_uid}} {{api}}')
    )
    .fillOpacity(0)
    .unit('percentunit')
    .max(1);
}
