import { catalogue, findField, isQueryType } from '../../catalogue';
import { type AccessQuery, type FullQuery } from '../types';
import { filterProblem } from './filterProblems';
import { applies, missingFilters, withDefaults } from './model';
import { optionProblems } from './options/optionProblems';
import { hasVariable } from './template';

/** What prevents a query from being answered, and where the editor explains it. */
export interface Problem {
  /** Index of the filter, name of a required one, or another part of the query. */
  at: number | string;
  text: string;
  /** Whether something is only missing so far, as opposed to wrong. */
  missing?: true;
  /** A way out that the editor offers as a button. */
  fix?: { label: string; apply: (query: AccessQuery) => AccessQuery };
}

export interface ProblemOptions {
  /** Largest limit; the data source's maxRows. */
  maxRows: number;
  /** Whether identities are masked, in which case filters can contain pseudonyms. */
  masked: boolean;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const EMAIL = /^[^@\s/]+@[^@\s/]+$/;

function requiredProblems(query: FullQuery): Problem[] {
  const missing = missingFilters(query).map((name) => {
    const label = findField(query.queryType, name)?.label ?? name;
    return { at: name, text: `${label} is required. Enter email addresses or UUIDs.`, missing: true as const };
  });
  const malformed = query.filters.flatMap((filter) => {
    const required = catalogue[query.queryType].requiredFilters.includes(filter.field);
    const bad = filter.values.find((value) => !hasVariable(value) && !UUID.test(value) && !EMAIL.test(value));
    return required && bad !== undefined
      ? [{ at: filter.field, text: `“${bad}” is neither an email address nor a UUID. Correct it.` }]
      : [];
  });
  return [...missing, ...malformed];
}

function groupProblems(query: FullQuery): Problem[] {
  const unknown = query.groupBy.find((name) => !hasVariable(name) && !findField(query.queryType, name)?.groupable);
  const text = `${catalogue[query.queryType].title} can’t be counted by “${unknown}”. Remove the field.`;
  return applies(query).groupBy && unknown !== undefined ? [{ at: 'groupBy', text }] : [];
}

/** What is wrong with a limit, if anything. */
export function limitProblem(limit: number, maxRows: number): string | undefined {
  return Number.isInteger(limit) && limit >= 1 && limit <= maxRows
    ? undefined
    : `The limit must be a whole number from 1 to ${maxRows.toLocaleString('en')}.`;
}

/** Everything that prevents a query from being answered. */
export function queryProblems(query: AccessQuery, options: ProblemOptions): Problem[] {
  const full = withDefaults(query);
  if (!isQueryType(full.queryType)) {
    return [{ at: 'queryType', text: `There is no query type “${String(full.queryType)}”. Choose another one.` }];
  }
  const limit = applies(full).limit && full.limit !== undefined ? limitProblem(full.limit, options.maxRows) : undefined;
  return [
    ...requiredProblems(full),
    ...full.filters.flatMap((filter, index) => filterProblem(full, filter, index, options) ?? []),
    ...groupProblems(full),
    ...(applies(full).options ? optionProblems(full, options) : []),
    ...(limit ? [{ at: 'limit', text: limit }] : []),
  ];
}
