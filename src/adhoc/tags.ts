import { type MetricFindValue, type TimeRange } from '@grafana/data';
import { uniqBy } from 'lodash';

import { catalogue, EVENT_TYPES, ROW_TYPES, type QueryTypeName } from '../../catalogue';
import { suggestValues, type ResourceReader } from '../query/suggestions';
import { type AccessQuery } from '../types';
import { fieldAnywhere } from './filters';

/** The surfaces that a dashboard's queries use, or all that have events if Grafana doesn't say. */
function surfaces(queries: AccessQuery[] | undefined): readonly QueryTypeName[] {
  const asked = ROW_TYPES.filter((queryType) => queries?.some((query) => query.queryType === queryType));
  return asked.length > 0 ? asked : EVENT_TYPES;
}

/** Keys of ad hoc filters: what the dashboard's surfaces can be filtered by. */
export function tagKeys(queries?: AccessQuery[]): MetricFindValue[] {
  const fields = surfaces(queries).flatMap((queryType) =>
    catalogue[queryType].fields.filter(({ kind }) => kind !== 'time' && kind !== 'json')
  );
  return uniqBy(fields, 'name').map(({ name, label }) => ({ text: label, value: name }));
}

/** Values that an ad hoc filter on a key can have. */
export async function tagValues(
  reader: ResourceReader,
  key: string,
  range?: TimeRange,
  queries?: AccessQuery[]
): Promise<MetricFindValue[]> {
  const found = fieldAnywhere(key, surfaces(queries));
  const suggestions = found ? await suggestValues(reader, found[0], found[1], '', range) : [];
  return suggestions.map(({ text, value }) => ({ text, value }));
}
