import { type AdHocVariableFilter } from '@grafana/data';

import {
  catalogue,
  findField,
  ROW_TYPES,
  type CatalogueField,
  type Operator,
  type QueryTypeName,
} from '../../catalogue';
import { equivalentField } from '../query/change';
import { type Filter } from '../types';

/** Grafana's ad hoc operators, of which =| and !=| take several values. */
const OPERATORS: Record<string, Operator> = {
  '=': '=',
  '!=': '!=',
  '=|': '=',
  '!=|': '!=',
  '=~': '=~',
  '!~': '!~',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** A field of that name, of the surface if it has one, otherwise of the first surface that does. */
export function fieldAnywhere(
  name: string,
  preferred: readonly QueryTypeName[] = []
): [QueryTypeName, CatalogueField] | undefined {
  for (const queryType of [...preferred, ...ROW_TYPES]) {
    const field = findField(queryType, name);
    if (field) {
      return [queryType, field];
    }
  }
  return undefined;
}

/** The field that an ad hoc key means on a surface: Ray ID, country and the like have several names. */
function fieldName(queryType: QueryTypeName, key: string): string {
  const found = fieldAnywhere(key, [queryType]);
  return (found && equivalentField(queryType, found[1])?.name) ?? key;
}

/**
 * A dashboard's ad hoc filters for one surface. A key that the surface lacks is kept: the executable then answers
 * with an error that names what is allowed, where leaving it out would show more than was asked for. An answer in
 * parts is about one event, which the query names, so there is nothing to narrow.
 */
export function adHocFilters(queryType: QueryTypeName, filters: AdHocVariableFilter[]): Filter[] {
  return filters
    .filter((filter) => filter.key !== '' && catalogue[queryType] !== undefined && !catalogue[queryType].parts)
    .map(({ key, operator, value, values }) => ({
      field: fieldName(queryType, key),
      // An operator that is not known here is passed on for the same reason.
      operator: OPERATORS[operator] ?? (operator as Operator),
      values: values && values.length > 0 ? values : [value],
    }));
}
