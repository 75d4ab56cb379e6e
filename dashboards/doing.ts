import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { budgetLeft, callDuration, callsByResult, callsSaved, refusedCalls } from './doingCalls';
import { fetchedAndServed, keptEvents, keptMemory } from './doingEvents';
import { answersByReason, failedShare, incompleteShare, queriesByResult, queryDuration } from './doingQueries';
import { PROMETHEUS } from './prometheus';
import { numbered } from './account';

/** How the data sources themselves are doing, from the plugin's metrics in Prometheus. */
export function doing(uid: string): Dashboard {
  const builder = new DashboardBuilder('Cloudflare Access data source health')
    .uid(uid)
    .description('Queries, calls, rate limits, and memory of the Cloudflare Access data source, from its own metrics.')
    .tags(['cloudflare', 'access', 'metrics'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .withVariable(new DatasourceVariableBuilder('prometheus').label('Prometheus').type('prometheus'))
    .withVariable(sourceVariable());

  [incompleteShare(), failedShare(), refusedCalls(), callsSaved()].forEach((panel) => builder.withPanel(panel));
  builder.withRow(new RowBuilder('Queries'));
  [queriesByResult(), answersByReason(), queryDuration()].forEach((panel) => builder.withPanel(panel));
  builder.withRow(new RowBuilder('Calls to Cloudflare'));
  [callsByResult(), callDuration(), budgetLeft()].forEach((panel) => builder.withPanel(panel));
  builder.withRow(new RowBuilder('Events'));
  [fetchedAndServed(), keptMemory(), keptEvents()].forEach((panel) => builder.withPanel(panel));
  return numbered(builder.build());
}

function sourceVariable(): QueryVariableBuilder {
  const query = 'label_values(cfaccess_budget_limit_calls, datasource_uid)';
  return new QueryVariableBuilder('source')
    .label('Data source')
    .description('UIDs of this plugin’s data sources. The address of a data source’s settings page ends with its UID.')
    .datasource(PROMETHEUS)
    .query({ refId: 'source', query })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
