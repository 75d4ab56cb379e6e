import { catalogue, isQueryType } from '../../catalogue';
import { type AccessQuery, type FullQuery } from '../types';
import { applies, isFinished, withDefaults } from './model';
import { hasOptions } from './options/options';
import { sentence } from './sentence';
import { condition, labelOf, list } from './words';

function describeFilters(query: FullQuery): string {
  const parts = query.filters.filter(isFinished).map((filter) => condition(query, filter));
  return parts.length > 0 ? ` where ${list(parts, 'and')}` : '';
}

function describeShape(query: FullQuery): string {
  const labels = query.groupBy.map((name) => labelOf(query, name));
  const by = labels.length > 0 ? ` by ${list(labels, 'and')}` : '';
  switch (query.format) {
    case 'time_series':
      return ` over time${by}`;
    case 'logs':
      return ' as logs';
    default:
      return by && ` counted${by}`;
  }
}

/** A query as a sentence, for its collapsed row. */
export function displayText(query: AccessQuery): string {
  const full = withDefaults(query);
  if (!isQueryType(full.queryType)) {
    return `Unknown query type ${String(full.queryType)}`;
  }
  if (applies(full).options && hasOptions(full)) {
    return `${catalogue[full.queryType].title}: ${sentence(full)}`;
  }
  const oldestFirst = full.direction === 'asc' && applies(full).direction ? ', oldest first' : '';
  return `${catalogue[full.queryType].title}${describeShape(full)}${describeFilters(full)}${oldestFirst}`;
}
