import { CoreApp } from '@grafana/data';
import { remove, uniq } from 'lodash';

import {
  catalogue,
  defaultGroupBy,
  filterableFields,
  findField,
  formatsOf,
  groupableFields,
  isQueryType,
  OTHER_FIELD,
  type CatalogueField,
  type QueryTypeName,
} from '../../catalogue';
import { type AccessQuery, type Filter, type Format, type FullQuery } from '../types';
import { hasVariable } from './template';

/** What a new query asks for: rows in Explore, where people look for one event, and counts over time elsewhere. */
export function defaultQuery(app?: CoreApp): Partial<AccessQuery> {
  return app === CoreApp.Explore
    ? { queryType: 'access_requests', format: 'table', filters: [] }
    : {
        queryType: 'access_requests',
        format: 'time_series',
        filters: [],
        groupBy: defaultGroupBy('access_requests'),
      };
}

/**
 * Spells out what a saved query leaves open, as the executable reads it: no format is a table, and a time series
 * without groupBy counts by outcome. What the query says is never changed.
 */
export function withDefaults(query: AccessQuery): FullQuery {
  const format = query.format ?? 'table';
  const queryType = query.queryType ?? 'access_requests';
  return {
    ...query,
    queryType,
    format,
    filters: query.filters ?? [],
    groupBy: query.groupBy ?? (format === 'time_series' ? defaultGroupBy(queryType) : []),
    fields: query.fields ?? [],
  };
}

/** Which choices a query of this shape has. The editor doesn't show the others, and they aren't sent. */
export interface Applies {
  groupBy: boolean;
  fields: boolean;
  direction: boolean;
  limit: boolean;
}

export function applies(query: FullQuery): Applies {
  if (catalogue[query.queryType]?.parts) {
    return { groupBy: false, fields: false, direction: false, limit: false };
  }
  const grouped = query.format === 'time_series' || (query.format === 'table' && query.groupBy.length > 0);
  return {
    groupBy: query.format !== 'logs',
    fields: !grouped,
    // What there is now has no time that goes in a direction.
    direction: !grouped && !catalogue[query.queryType]?.inventory,
    limit: query.format !== 'time_series',
  };
}

/** Whether a filter has something to compare with. An unfinished one isn't sent. */
export function isFinished(filter: Filter): boolean {
  return filter.field !== '' && filter.values.length > 0;
}

/** The query as it is sent: without unfinished filters and without choices that do not apply to its format. */
export function sentQuery(query: AccessQuery): AccessQuery {
  const full = withDefaults(query);
  const { groupBy, fields, direction, limit, ...rest } = full;
  const apply = applies(full);
  return {
    ...rest,
    filters: full.filters.filter(isFinished),
    ...(apply.groupBy && { groupBy }),
    ...(apply.fields && fields.length > 0 && { fields }),
    ...(apply.direction && direction && { direction }),
    ...(apply.limit && limit !== undefined && { limit }),
  };
}

/** Required filters that a query still lacks. */
export function missingFilters(query: AccessQuery): string[] {
  const full = withDefaults(query);
  const required = isQueryType(full.queryType) ? catalogue[full.queryType].requiredFilters : [];
  return required.filter((name) => !full.filters.some((filter) => filter.field === name && isFinished(filter)));
}

/** Whether there is something to ask. */
export function isComplete(query: AccessQuery): boolean {
  return missingFilters(query).length === 0 && (query.queryType !== 'explain' || namesLogin(query.filters ?? []));
}

/** Whether filters say which login is to be explained, as pkg/query has it: a Ray ID, or a user at an application. */
function namesLogin(filters: Filter[]): boolean {
  const has = (name: string) => filters.some((filter) => filter.field === name && isFinished(filter));
  return has('ray_id') || (has('user_email') && (has('app_uid') || has('app_name')));
}

/** What names one login, of filters that may name many: its Ray ID, or else who signed in to what. */
function loginFilters(filters: Filter[]): Filter[] {
  const named = (name: string) => filters.filter((filter) => filter.field === name && isFinished(filter)).slice(0, 1);
  const rayId = named('ray_id');
  const app = [...named('app_uid'), ...named('app_name')].slice(0, 1);
  return (rayId.length > 0 ? rayId : [...named('user_email'), ...app]).map((filter) => ({
    ...filter,
    values: filter.values.slice(0, 1),
  }));
}

/** Fields that a filter row can choose from: a required one has its own row. */
export function filterFields(queryType: QueryTypeName): CatalogueField[] {
  const { requiredFilters } = catalogue[queryType];
  return filterableFields(queryType).filter((field) => !requiredFilters.includes(field.name));
}

/** The field that Ray IDs are in, if the surface has one. */
export function rayIdField(queryType: QueryTypeName): CatalogueField | undefined {
  return catalogue[queryType].fields.find((field) => field.kind === 'rayId');
}

/** Whether a Ray ID can be pasted: the answer is about single events that have one. */
export function takesRayId(query: FullQuery): boolean {
  const single = applies(query).fields || catalogue[query.queryType].parts !== undefined;
  return single && rayIdField(query.queryType) !== undefined;
}

/** Kinds that mean the same thing on every surface, whatever the field is called there. */
const SHARED_KINDS = ['rayId', 'country', 'ip', 'email'];

/**
 * The field of a surface that means the same as a field of another one: the one of the same name, or the only one
 * of the same kind where a kind says it all (Ray ID, country, IP address, email).
 */
export function equivalentField(queryType: QueryTypeName, field: CatalogueField): CatalogueField | undefined {
  const same = findField(queryType, field.name);
  if (same) {
    return same;
  }
  const alike = catalogue[queryType].fields.filter((other) => other.kind === field.kind);
  return SHARED_KINDS.includes(field.kind) && alike.length === 1 ? alike[0] : undefined;
}

function carryFilter(from: QueryTypeName, to: QueryTypeName, filter: Filter): Filter[] {
  const field = findField(from, filter.field);
  const target = field && equivalentField(to, field);
  const known = (value: string) =>
    target?.kind !== 'enum' || hasVariable(value) || target.values?.some((option) => option.value === value);
  const values = filter.values.filter(known);
  const fits = target?.operators.includes(filter.operator) && values.length === filter.values.length;
  return target && fits ? [{ ...filter, field: target.name, values }] : [];
}

/** Users that a query names, for a surface that asks for some. */
function namedUsers(query: FullQuery): string[] {
  return uniq(
    query.filters.flatMap((filter) =>
      filter.operator === '=' && findField(query.queryType, filter.field)?.suggest === 'users' ? filter.values : []
    )
  );
}

/** Switches a query to another surface and keeps what has the same meaning there. */
export function changeQueryType(query: AccessQuery, queryType: QueryTypeName): AccessQuery {
  const full = withDefaults(query);
  const filters = full.filters.flatMap((filter) => carryFilter(full.queryType, queryType, filter));
  const users = namedUsers(full);
  for (const name of catalogue[queryType].requiredFilters) {
    if (users.length > 0 && !filters.some((filter) => filter.field === name)) {
      remove(filters, (filter) => filter.operator === '=' && findField(queryType, filter.field)?.suggest === 'users');
      filters.unshift({ field: name, operator: '=', values: users });
    }
  }
  const groupable = groupableFields(queryType).map((field) => field.name);
  const kept = full.groupBy.filter((name) => groupable.includes(name) || hasVariable(name));
  const groupBy = kept.length > 0 || full.groupBy.length === 0 ? kept : defaultGroupBy(queryType);
  const format = formatsOf(queryType).includes(full.format) ? query.format : 'table';
  return {
    ...query,
    queryType,
    format,
    filters: queryType === 'explain' ? loginFilters(filters) : filters,
    groupBy,
    fields: undefined,
    part: undefined,
  };
}

/** Switches a query to another format, without a grouping that the format can't have. */
export function changeFormat(query: AccessQuery, format: Format): AccessQuery {
  const full = withDefaults(query);
  if (format === 'time_series') {
    return { ...query, format, groupBy: full.groupBy.length > 0 ? full.groupBy : defaultGroupBy(full.queryType) };
  }
  return { ...query, format, groupBy: undefined };
}

/** Sets the filter on the surface's Ray ID, in place of an earlier one. */
export function filterByRayId(query: AccessQuery, rayId: string): AccessQuery {
  const full = withDefaults(query);
  const field = rayIdField(full.queryType);
  if (!field) {
    return query;
  }
  // A Ray ID alone names the login that is to be explained.
  const others = full.queryType === 'explain' ? [] : full.filters.filter((filter) => filter.field !== field.name);
  return { ...query, filters: [...others, { field: field.name, operator: '=', values: [rayId] }] };
}

/** Columns that a query may name, in the order in which the surface has them. */
export function selectableColumns(
  queryType: QueryTypeName
): Array<{ name: string; label: string; description: string }> {
  const { api, fields } = catalogue[queryType];
  const named = fields.filter((field) => !field.filterOnly);
  return api === 'rest'
    ? [
        ...named,
        {
          name: OTHER_FIELD,
          label: 'Other',
          description: 'What Cloudflare sends in addition to the fields that the data source knows.',
        },
      ]
    : named;
}
