import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { figure, graph, increase, quantile, ranged, rate, stacked } from './prometheus';
import { BAD, GOOD, NEUTRAL, dashed, fixedOverride, limits, reduced } from './style';

/** Answers that are incomplete, except those that the limit of the query cut, because the user asked for that. */
const INCOMPLETE = 'result="incomplete",reason!="limit"';
const CUT = 'cut by its limit';

export function incompleteShare(): StatPanel {
  return share(
    'Incomplete answers',
    'Share of all queries. Answers that are only cut by the limit of their query don’t count.',
    INCOMPLETE
  );
}

export function failedShare(): StatPanel {
  return share(
    'Failed queries',
    'Share of all queries, including queries that contain a mistake.',
    'result="error",reason!="canceled"'
  );
}

function share(title: string, description: string, matchers: string): StatPanel {
  return figure(title, description, `${increase('queries_total', matchers)} / (${increase('queries_total')} > 0)`)
    .unit('percentunit')
    .decimals(1)
    .reduceOptions(reduced('lastNotNull'))
    .thresholds(limits({ orange: 0.001, [BAD]: 0.05 }));
}

export function queriesByResult(): TimeSeriesPanel {
  return stacked(
    graph(
      'Queries by result',
      'Queries per second. Answers that are only cut by the limit of their query are a separate series.'
    )
  )
    .withTarget(ranged('A', rate('queries_total', 'result', 'reason!="limit"'), '{{result}}'))
    .withTarget(ranged('B', rate('queries_total', '', 'reason="limit"'), CUT))
    .unit('reqps')
    .overrideByName('complete', fixedOverride(GOOD))
    .overrideByName(CUT, fixedOverride(NEUTRAL))
    .overrideByName('incomplete', fixedOverride('orange'))
    .overrideByName('error', fixedOverride(BAD));
}

export function answersByReason(): TimeSeriesPanel {
  return stacked(
    graph(
      'Why answers are incomplete',
      'By query type, the reason why something is missing or, for errors, who caused it. Doesn’t include answers that are only cut by the limit of their query.'
    )
  )
    .withTarget(
      ranged(
        'A',
        rate('queries_total', 'query_type, result, reason', 'result!="complete",reason!="limit"'),
        '{{query_type}}: {{result}}, {{reason}}'
      )
    )
    .unit('reqps');
}

export function queryDuration(): TimeSeriesPanel {
  return graph(
    'Query duration',
    '95th percentile by query type, and the median of all queries. A query lasts from parsing to the data frame.'
  )
    .withTarget(ranged('A', quantile(0.95, 'query_duration_seconds', 'query_type'), '{{query_type}} 95%'))
    .withTarget(ranged('B', quantile(0.5, 'query_duration_seconds'), 'all, median'))
    .overrideByName('all, median', dashed())
    .fillOpacity(0)
    .unit('s');
}
