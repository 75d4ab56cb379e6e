import { CoreApp } from '@grafana/data';
import { cloneDeep, isEqual, omit } from 'lodash';

import {
  catalogue,
  defaultGroupBy,
  filterableFields,
  isQueryType,
  OTHER_FIELD,
  type CatalogueField,
  type QueryTypeName,
} from '../../catalogue';
import { type AccessQuery, type Filter, type FullQuery, type Question } from '../types';
import { mapSteps, withoutOptions } from './options/options';

/** A ready-made question in place of the query's own. What says where the query goes stays. */
export function startWith({ refId, datasource, hide }: AccessQuery, question: Question): AccessQuery {
  return { refId, ...(datasource && { datasource }), ...(hide !== undefined && { hide }), ...cloneDeep(question) };
}

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

/** Whether a query is as it was when it was made, in any app. */
export function isNew(query: AccessQuery): boolean {
  const question = (of: Partial<AccessQuery>) =>
    omit(sentQuery({ refId: '', ...of }), ['refId', 'datasource', 'hide', 'key']);
  return [CoreApp.Explore, CoreApp.PanelEditor].some((app) => isEqual(question(query), question(defaultQuery(app))));
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
  /** What is counted, and what needs history. */
  options: boolean;
}

export function applies(query: FullQuery): Applies {
  if (catalogue[query.queryType]?.parts) {
    return { groupBy: false, fields: false, direction: false, limit: false, options: false };
  }
  const groups = query.format === 'table' && query.groupBy.length > 0;
  const oneNumber = query.format === 'table' && !groups && query.measure?.type === 'distinct';
  const counted = query.format === 'time_series' || groups || oneNumber;
  return {
    groupBy: query.format !== 'logs',
    fields: !counted,
    // What there is now has no time that goes in a direction.
    direction: !counted && !catalogue[query.queryType]?.inventory,
    limit: query.format !== 'time_series' && !oneNumber,
    options: !catalogue[query.queryType]?.inventory,
  };
}

/** Whether a filter has something to compare with. An unfinished one isn't sent. */
export function isFinished(filter: Filter): boolean {
  return filter.field !== '' && filter.values.length > 0;
}

/** The query as it is sent: without unfinished filters and without choices that do not apply to its format. */
export function sentQuery(query: AccessQuery): AccessQuery {
  const full = withDefaults(query);
  const { groupBy, fields, direction, limit, ...others } = full;
  const apply = applies(full);
  const rest: AccessQuery = apply.options ? others : withoutOptions(others);
  return {
    ...rest,
    filters: full.filters.filter(isFinished),
    ...(rest.sequence && { sequence: mapSteps(rest.sequence, (filters) => filters.filter(isFinished)) }),
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
