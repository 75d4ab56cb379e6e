import { type TimeRange } from '@grafana/data';

import { catalogue, type CatalogueField, type QueryTypeName } from '../../catalogue';
import { type ResourceValue } from '../types';

/** Reads one of the data source's resources, as DataSourceWithBackend does. */
export interface ResourceReader {
  getResource<T>(path: string, params?: Record<string, string | number | undefined>): Promise<T>;
}

/** A value that an input offers. */
export interface Suggestion {
  value: string;
  text: string;
  /** What distinguishes it from others, such as the number of events with it. */
  detail?: string;
}

/** How many suggestions a list shows at most. */
export const MAX_SUGGESTIONS = 200;

/** The suggestions whose text or value contains what was typed. Those that start with it come first. */
export function matching(suggestions: Suggestion[], typed: string): Suggestion[] {
  const search = typed.trim().toLowerCase();
  const places = suggestions.map((suggestion) => ({
    suggestion,
    place: Math.min(
      ...[suggestion.text, suggestion.value].map((text) => {
        const found = text.toLowerCase().indexOf(search);
        return found < 0 ? Infinity : found;
      })
    ),
  }));
  const hits = places.filter(({ place }) => place < Infinity);
  return [...hits.filter(({ place }) => place === 0), ...hits.filter(({ place }) => place > 0)].map(
    ({ suggestion }) => suggestion
  );
}

function fromResource(values: ResourceValue[], detail: (value: ResourceValue) => string | undefined): Suggestion[] {
  return values.map((entry) => ({ value: entry.value, text: entry.text || '(empty)', detail: detail(entry) }));
}

/** Values that occur in a surface's events, most frequent first. */
export function fetchValues(
  reader: ResourceReader,
  queryType: QueryTypeName,
  field: string,
  prefix: string,
  range?: TimeRange
): Promise<ResourceValue[]> {
  return reader.getResource<ResourceValue[]>('values', {
    queryType,
    field,
    ...(range && { from: range.from.valueOf(), to: range.to.valueOf() }),
    ...(prefix && { prefix }),
  });
}

/** A user by email address, which people can read in a saved query. Masked users have none and keep their ID. */
const named = (user: ResourceValue) => (user.text.includes('@') ? { text: user.text, value: user.text } : user);
const showValue = ({ text, value }: ResourceValue) => (text === value ? undefined : value);
const showCount = ({ count }: ResourceValue) => count?.toLocaleString('en');
/** An enumeration's value is what a saved query contains, and a value that isn't listed is all there is to show. */
const showValueOrCount = (entry: ResourceValue) => showValue(entry) ?? (entry.count ? showCount(entry) : undefined);

/**
 * The values of an enumeration: those that the catalogue lists, and those that only the events have. A derived field
 * has no others than the catalogue lists. If the events can't be read, the listed values must do.
 */
async function enumValues(
  reader: ResourceReader,
  queryType: QueryTypeName,
  field: CatalogueField,
  typed: string,
  range?: TimeRange
): Promise<Suggestion[]> {
  const listed: ResourceValue[] = field.values ?? [];
  const found =
    field.derived || field.kind !== 'enum'
      ? listed
      : await fetchValues(reader, queryType, field.name, typed, range).catch(() => listed);
  return matching(fromResource(found, showValueOrCount), typed);
}

/** Suggestions for a field's values, from the catalogue, from a list of the account, or from the events. */
export async function suggestValues(
  reader: ResourceReader,
  queryType: QueryTypeName,
  field: CatalogueField,
  typed: string,
  range?: TimeRange
): Promise<Suggestion[]> {
  switch (field.suggest) {
    case 'enum':
      return enumValues(reader, queryType, field, typed, range);
    case undefined:
    case 'none':
      return [];
    case 'users':
      if (field.kind !== 'email') {
        const users = await reader.getResource<ResourceValue[]>('users', { search: typed });
        const takesEmail = catalogue[queryType].requiredFilters.includes(field.name);
        return takesEmail ? fromResource(users.map(named), () => undefined) : fromResource(users, showValue);
      }
      break;
    case 'apps':
    case 'identity-providers':
      return matching(fromResource(await reader.getResource<ResourceValue[]>(field.suggest), showValue), typed);
  }
  return fromResource(await fetchValues(reader, queryType, field.name, typed, range), showCount);
}
