/**
 * What can be asked of Cloudflare Access. The JSON files beside this one are the only place where query types, fields
 * and operators are written; catalogue.go is this loader's twin for the executable.
 */
import { catalogue, EVENT_TYPES, QUERY_TYPES, type EventTypeName } from './queryTypes';
import type { AnswerFormat, CatalogueField, CatalogueQueryType, Operator, QueryTypeName } from './types';

export * from './queryTypes';
export type * from './types';

/** JSON column with what an upstream row holds beyond the catalogue. */
export const OTHER_FIELD = 'other';

export function isQueryType(name: unknown): name is QueryTypeName {
  return QUERY_TYPES.some((known) => known === name);
}

export function findField(queryType: QueryTypeName, name: string): CatalogueField | undefined {
  return catalogue[queryType].fields.find((field) => field.name === name);
}

/** Fields that rows carry, in the order of their columns. */
export function columns(queryType: QueryTypeName): CatalogueField[] {
  return catalogue[queryType].fields.filter((field) => !field.filterOnly);
}

/** What a series is grouped by where nothing else is said. */
export function defaultGroupBy(queryType: QueryTypeName): string[] {
  const outcome = catalogue[queryType]?.outcome;
  return outcome ? [outcome.field] : [];
}

/** How the events of a query type can go, for callers that ask for one of the two. */
export function outcomeOf(queryType: QueryTypeName): NonNullable<CatalogueQueryType['outcome']> {
  const { outcome } = catalogue[queryType];
  if (!outcome) {
    throw new Error(`${queryType} has no outcome.`);
  }
  return outcome;
}

/** A filter that only the events of one outcome pass. */
export function outcomeFilter(
  queryType: QueryTypeName,
  which: 'accepted' | 'refused'
): { field: string; operator: Operator; values: string[] } {
  const outcome = outcomeOf(queryType);
  return { field: outcome.field, operator: '=', values: [outcome[which]] };
}

type EventType = CatalogueQueryType & Required<Pick<CatalogueQueryType, 'count' | 'timeField' | 'logLine'>>;

/** The query types whose answers hold events. The tests of catalogue.go hold each file against what such a one has. */
export const eventTypes = catalogue as Record<EventTypeName, EventType>;

/** The query types whose answers hold rows, of events or of what there is now, which can be narrowed and counted. */
export const ROW_TYPES: readonly QueryTypeName[] = QUERY_TYPES.filter((queryType) => !catalogue[queryType].parts);

/** Whether answers hold events, of which some can be first and others follow. */
export function holdsEvents(queryType: QueryTypeName): boolean {
  return EVENT_TYPES.some((known) => known === queryType);
}

/** Shapes that an answer can have. */
export function formatsOf(queryType: QueryTypeName): readonly AnswerFormat[] {
  return catalogue[queryType]?.formats ?? ['time_series', 'table', 'logs'];
}

/** Fields that a query can filter by. */
export function filterableFields(queryType: QueryTypeName): CatalogueField[] {
  return catalogue[queryType].fields.filter((field) => field.operators.length > 0);
}

/** Fields that events can be counted by. */
export function groupableFields(queryType: QueryTypeName): CatalogueField[] {
  return catalogue[queryType].fields.filter((field) => field.groupable);
}
