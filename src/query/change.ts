import { remove, uniq } from 'lodash';

import {
  catalogue,
  defaultGroupBy,
  findField,
  formatsOf,
  type CatalogueField,
  type QueryTypeName,
} from '../../catalogue';
import { type AccessQuery, type Filter, type Format, type FullQuery } from '../types';
import { isFinished, withDefaults } from './model';
import { carryOptions, withoutConflicts, withoutOptions } from './options/options';
import { hasVariable } from './template';

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

/** The field to count by that means the same on another surface, if there is one. */
function carryGroup(from: QueryTypeName, to: QueryTypeName, name: string): string[] {
  const field = findField(from, name);
  const target = field ? equivalentField(to, field) : undefined;
  return hasVariable(name) ? [name] : target?.groupable ? [target.name] : [];
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
  const kept = full.groupBy.flatMap((name) => carryGroup(full.queryType, queryType, name));
  const groupBy = kept.length > 0 || full.groupBy.length === 0 ? kept : defaultGroupBy(queryType);
  const format = formatsOf(queryType).includes(full.format) ? query.format : 'table';
  const options = carryOptions(
    query,
    (name) => carryGroup(full.queryType, queryType, name),
    (filter) => carryFilter(full.queryType, queryType, filter)
  );
  // Another grouping has other counts, so a condition on them would choose at random.
  const { having, ...others } = options;
  const sameGroups = kept.length === full.groupBy.length;
  return withoutConflicts({
    ...withoutOptions(query),
    ...others,
    ...(having && sameGroups && { having }),
    queryType,
    format,
    filters: queryType === 'explain' ? loginFilters(filters) : filters,
    groupBy,
    fields: undefined,
    part: undefined,
  });
}

/** Switches a query to another format, without what the format can't have. */
export function changeFormat(query: AccessQuery, format: Format): AccessQuery {
  const full = withDefaults(query);
  if (format === 'time_series') {
    const groupBy = full.groupBy.length > 0 ? full.groupBy : defaultGroupBy(full.queryType);
    return withoutConflicts({ ...query, format, groupBy });
  }
  return withoutConflicts({ ...query, format, groupBy: undefined });
}
