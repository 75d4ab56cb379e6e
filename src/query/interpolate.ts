import { type AdHocVariableFilter, type ScopedVars } from '@grafana/data';
import { type TemplateSrv } from '@grafana/runtime';
import { escapeRegExp } from 'lodash';

import { catalogue } from '../../catalogue';
import { adHocFilters } from '../adhoc/filters';
import { type AccessQuery, type Filter, type QueryOptions } from '../types';
import { sentQuery } from './model';
import { mapSteps } from './options/options';
import { hasVariable } from './template';

/** The part of Grafana's template service that is needed here. */
export type Replacer = Pick<TemplateSrv, 'replace'>;

/** What Grafana hands to a custom format function as its second argument. */
interface FormattedVariable {
  multi?: boolean;
  includeAll?: boolean;
}

// Variables' values are kept beside the text and only their index stands in it, so that no character of a value can
// be mistaken for a separator. The mark is from Unicode's private use area.
const MARK = '\uE000';
const MARKED = new RegExp(`${MARK}(\\d+)${MARK}`, 'g');

function asTexts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((part) => String(part ?? ''));
}

function combine(text: string, collected: string[][]): string[] {
  const parts = text.split(MARKED);
  return parts.reduce<string[]>(
    (texts, part, index) => {
      const choices = index % 2 === 0 ? [part] : collected[Number(part)];
      return texts.flatMap((start) => choices.map((choice) => start + choice));
    },
    ['']
  );
}

/**
 * Replaces the variables in a text. A variable with several values gives several texts, one for each combination.
 * A variable that holds nothing gives an empty text, which compares with empty values: dropping it would show more
 * than was asked for. In regular expressions, values that were chosen from a list match literally.
 */
export function interpolateText(text: string, replacer: Replacer, scopedVars: ScopedVars, pattern = false): string[] {
  const collected: string[][] = [];
  const keep = (value: unknown, variable?: FormattedVariable) => {
    const literal = pattern && (Array.isArray(value) || variable?.multi || variable?.includeAll);
    const texts = asTexts(value).map((part) => (literal ? escapeRegExp(part) : part));
    collected.push(texts.length > 0 ? texts : ['']);
    return `${MARK}${collected.length - 1}${MARK}`;
  };
  return combine(replacer.replace(text, scopedVars, keep), collected);
}

/** Whether a question about a login waits for a variable that holds nothing yet, such as a dashboard's box for a Ray ID. */
export function awaitsVariable(query: AccessQuery, replacer: Replacer): boolean {
  const isEmpty = (text: string) => interpolateText(text, replacer, {}).every((filled) => filled.trim() === '');
  return (
    query.queryType === 'explain' &&
    (query.filters ?? []).some(({ values }) => values.some((text) => hasVariable(text) && isEmpty(text)))
  );
}

function interpolateFilter(filter: Filter, replacer: Replacer, scopedVars: ScopedVars): Filter {
  const pattern = filter.operator === '=~' || filter.operator === '!~';
  return {
    field: interpolateText(filter.field, replacer, scopedVars)[0],
    operator: filter.operator,
    values: filter.values.flatMap((value) => interpolateText(value, replacer, scopedVars, pattern)),
  };
}

const LONE_VARIABLE = /^(?:\$(\w+)|\$\{(\w+)\}|\[\[(\w+)\]\])$/;

/**
 * Whether a text is one variable that stands on All. Grafana gives the listed values for it, but All means
 * everything: events without a value, and values that the list does not have. An All with a custom value is what
 * its author made it, and Grafana does not ask us to format it.
 */
function standsOnAll(text: string, replacer: Replacer, scopedVars: ScopedVars): boolean {
  const name = text.match(LONE_VARIABLE)?.slice(1).find(Boolean);
  if (!name || replacer.replace(`\${${name}:text}`, scopedVars) !== 'All') {
    return false;
  }
  let values: string[] | undefined;
  replacer.replace(text, scopedVars, (value: unknown) => {
    values = asTexts(value);
    return '';
  });
  return values !== undefined && !(values.length === 1 && values[0] === 'All');
}

/** Whether a filter lets everything through because its variable stands on All; a required one is kept. */
function letsAllThrough(query: AccessQuery, filter: Filter, replacer: Replacer, scopedVars: ScopedVars): boolean {
  const positive = ['=', 'in', 'contains', '=~'].includes(filter.operator);
  const required = catalogue[query.queryType ?? 'access_requests']?.requiredFilters.includes(filter.field);
  return positive && !required && filter.values.some((value) => standsOnAll(value, replacer, scopedVars));
}

/** What needs no filters of its own is texts and lists of fields; steps have filters, which are filters like all others. */
function interpolateOptions(
  { measure, having, firstSeen, sequence, compare }: QueryOptions,
  filled: (filters: Filter[]) => Filter[],
  one: (text: string) => string,
  list: (texts: string[]) => string[]
): QueryOptions {
  return {
    ...(measure && { measure: measure.type === 'distinct' ? { ...measure, field: one(measure.field) } : measure }),
    ...(having && {
      having: { ...having, value: typeof having.value === 'string' ? one(having.value) : having.value },
    }),
    ...(firstSeen && { firstSeen: { by: list(firstSeen.by), history: one(firstSeen.history) } }),
    ...(sequence && {
      sequence: { ...mapSteps(sequence, filled), by: list(sequence.by), within: one(sequence.within) },
    }),
    ...(compare && { compare: { ...compare, shift: one(compare.shift) } }),
  };
}

/** The query as the executable gets it: variables replaced, ad hoc filters added, unfinished parts left out. */
export function interpolateQuery(
  query: AccessQuery,
  replacer: Replacer,
  scopedVars: ScopedVars,
  adHoc: AdHocVariableFilter[] = []
): AccessQuery {
  const sent = sentQuery(query);
  const filled = (filters: Filter[]) =>
    filters
      .filter((filter) => !letsAllThrough(sent, filter, replacer, scopedVars))
      .map((filter) => interpolateFilter(filter, replacer, scopedVars));
  const one = (text = '') => interpolateText(text, replacer, scopedVars)[0];
  const list = (texts: string[] = []) =>
    texts.flatMap((text) => interpolateText(text, replacer, scopedVars)).filter(Boolean);
  return {
    ...sent,
    filters: [...filled(sent.filters ?? []), ...adHocFilters(sent.queryType ?? 'access_requests', adHoc)],
    ...(sent.part && { part: one(sent.part) }),
    ...(sent.groupBy && { groupBy: list(sent.groupBy) }),
    ...(sent.fields && { fields: list(sent.fields) }),
    ...interpolateOptions(sent, filled, one, list),
  };
}
