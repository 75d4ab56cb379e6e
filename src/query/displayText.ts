import { catalogue, findField, isQueryType, type Operator } from '../../catalogue';
import { type AccessQuery, type Filter, type FullQuery } from '../types';
import { applies, isFinished, withDefaults } from './model';

const VERBS = {
  '=': 'is',
  '!=': 'is not',
  contains: 'contains',
  '!contains': 'does not contain',
  '=~': 'matches',
  '!~': 'does not match',
  '<': 'is below',
  '<=': 'is at most',
  '>': 'is above',
  '>=': 'is at least',
} satisfies Record<Operator, string>;

/** How many values of a filter a sentence spells out at most. */
const SPELLED_OUT = 3;

function list(words: string[], conjunction: string): string {
  return words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} ${conjunction} ${words[words.length - 1]}`;
}

function describeValues(filter: Filter, query: FullQuery): string {
  const options = findField(query.queryType, filter.field)?.values;
  const texts = filter.values.map(
    (value) => options?.find((option) => option.value === value)?.text ?? (value || '(empty)')
  );
  const rest = texts.length - SPELLED_OUT;
  return list(rest > 1 ? [...texts.slice(0, SPELLED_OUT), `${rest} more`] : texts, 'or');
}

function label(query: FullQuery, name: string): string {
  return findField(query.queryType, name)?.label ?? name;
}

function describeFilters(query: FullQuery): string {
  const parts = query.filters
    .filter(isFinished)
    .map(
      (filter) =>
        `${label(query, filter.field)} ${VERBS[filter.operator] ?? filter.operator} ${describeValues(filter, query)}`
    );
  return parts.length > 0 ? ` where ${list(parts, 'and')}` : '';
}

function describeShape(query: FullQuery): string {
  const by =
    query.groupBy.length > 0
      ? ` by ${list(
          query.groupBy.map((name) => label(query, name)),
          'and'
        )}`
      : '';
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
  const oldestFirst = full.direction === 'asc' && applies(full).direction ? ', oldest first' : '';
  return `${catalogue[full.queryType].title}${describeShape(full)}${describeFilters(full)}${oldestFirst}`;
}
