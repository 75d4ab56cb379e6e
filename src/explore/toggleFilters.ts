import { type QueryFixAction, type QueryFilterOptions, type ToggleFilterAction } from '@grafana/data';

import { findField } from '../../catalogue';
import { withDefaults } from '../query/model';
import { normalizeRayId } from '../query/rayId';
import { type AccessQuery, type Filter } from '../types';

type Sign = '=' | '!=';

export const QUERY_MODIFICATIONS = ['ADD_FILTER', 'ADD_FILTER_OUT'];

function opposite(sign: Sign): Sign {
  return sign === '=' ? '!=' : '=';
}

function has(filters: Filter[], field: string, sign: Sign, value: string): boolean {
  return filters.some((filter) => filter.field === field && filter.operator === sign && filter.values.includes(value));
}

function without(filters: Filter[], field: string, sign: Sign, value: string): Filter[] {
  return filters
    .map((filter) =>
      filter.field === field && filter.operator === sign
        ? { ...filter, values: filter.values.filter((other) => other !== value) }
        : filter
    )
    .filter((filter, index) => filter.values.length > 0 || filters[index].values.length === 0);
}

function withValue(filters: Filter[], field: string, sign: Sign, value: string): Filter[] {
  const at = filters.findIndex((filter) => filter.field === field && filter.operator === sign);
  return at < 0
    ? [...filters, { field, operator: sign, values: [value] }]
    : filters.map((filter, index) => (index === at ? { ...filter, values: [...filter.values, value] } : filter));
}

/** The condition that a cell or a log's label means on this surface, or undefined if it has no such field. */
function target(
  query: AccessQuery,
  options: QueryFilterOptions,
  sign: Sign
): { field: string; value: string } | undefined {
  const field = findField(withDefaults(query).queryType, options.key);
  const value = options.value ?? '';
  return field?.operators.includes(sign)
    ? { field: field.name, value: field.kind === 'rayId' ? (normalizeRayId(value) ?? value) : value }
    : undefined;
}

function add(query: AccessQuery, options: QueryFilterOptions, sign: Sign): AccessQuery {
  const filters = withDefaults(query).filters;
  const found = target(query, options, sign);
  if (!found || has(filters, found.field, sign, found.value)) {
    return query;
  }
  const cleared = without(filters, found.field, opposite(sign), found.value);
  return { ...query, filters: withValue(cleared, found.field, sign, found.value) };
}

/** Adds a filter for, or against, the value that was clicked in a table cell or a log line's label. */
export function modifyQuery(query: AccessQuery, { type, options }: QueryFixAction): AccessQuery {
  switch (type) {
    case 'ADD_FILTER':
      return add(query, { key: options?.key ?? '', value: options?.value ?? '' }, '=');
    case 'ADD_FILTER_OUT':
      return add(query, { key: options?.key ?? '', value: options?.value ?? '' }, '!=');
    default:
      return query;
  }
}

/** Does the same as modifyQuery, except that a second click removes the filter again. */
export function toggleQueryFilter(query: AccessQuery, { type, options }: ToggleFilterAction): AccessQuery {
  const sign = type === 'FILTER_FOR' ? '=' : '!=';
  const filters = withDefaults(query).filters;
  const found = target(query, options, sign);
  return found && has(filters, found.field, sign, found.value)
    ? { ...query, filters: without(filters, found.field, sign, found.value) }
    : add(query, options, sign);
}

/** Whether a query filters for a value. */
export function queryHasFilter(query: AccessQuery, options: QueryFilterOptions): boolean {
  const found = target(query, options, '=');
  return found !== undefined && has(withDefaults(query).filters, found.field, '=', found.value);
}
