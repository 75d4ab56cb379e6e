import {
  FieldType,
  SupplementaryQueryType,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type Field,
  type Labels,
  type SupplementaryQueryOptions,
} from '@grafana/data';

import { catalogue, defaultGroupBy } from '../../catalogue';
import { isComplete, withDefaults } from '../query/model';
import { type AccessQuery } from '../types';

/** Explore finds a volume's query by this prefix. */
const PREFIX = 'log-volume-';

export const SUPPLEMENTARY_QUERY_TYPES = [SupplementaryQueryType.LogsVolume];

/** The counts by outcome behind a query for logs, or undefined for other queries and for one that isn't complete. */
export function logsVolumeQuery({ type }: SupplementaryQueryOptions, query: AccessQuery): AccessQuery | undefined {
  const isAsked = query.format === 'logs' && !query.hide && isComplete(query);
  if (type !== SupplementaryQueryType.LogsVolume || !isAsked) {
    return undefined;
  }
  // What is first seen and sequences decide which lines there are; the rest says how they are counted.
  const { measure, having, compare, ...lines } = query;
  return {
    ...lines,
    refId: `${PREFIX}${query.refId}`,
    format: 'time_series',
    groupBy: defaultGroupBy(withDefaults(query).queryType),
    fields: undefined,
    limit: undefined,
  };
}

export function logsVolumeRequest(
  type: SupplementaryQueryType,
  request: DataQueryRequest<AccessQuery>
): DataQueryRequest<AccessQuery> | undefined {
  if (type !== SupplementaryQueryType.LogsVolume) {
    return undefined;
  }
  const targets = request.targets.flatMap((query) => logsVolumeQuery({ type }, query) ?? []);
  return targets.length > 0 ? { ...request, targets } : undefined;
}

/** The level of a count, so that Explore draws what was refused in red; pkg/frame gives log lines the same one. */
function levelOf(query: AccessQuery, labels: Labels = {}): string | undefined {
  const { outcome } = catalogue[withDefaults(query).queryType];
  const value = outcome && labels[outcome.field];
  return value && (value === outcome.refused ? 'error' : 'info');
}

function asLevelFrame(frame: DataFrame, time: Field, field: Field, query: AccessQuery): DataFrame {
  const level = levelOf(query, field.labels);
  const labels = { ...field.labels, ...(level && { level }) };
  return { ...frame, fields: [time, { ...field, labels }] };
}

/**
 * Explore takes a frame's level from the labels of its first number field, so a volume's wide frame is split into
 * one frame for each outcome.
 */
export function splitLogsVolume(
  response: DataQueryResponse,
  { targets }: DataQueryRequest<AccessQuery>
): DataQueryResponse {
  const volumes = targets.filter(({ refId }) => refId.startsWith(PREFIX));
  const data = response.data.flatMap((frame: DataFrame) => {
    const query = volumes.find(({ refId }) => refId === frame.refId);
    const time = frame.fields.find((field) => field.type === FieldType.time);
    const counts = frame.fields.filter((field) => field.type === FieldType.number);
    return query && time && counts.length > 0
      ? counts.map((field) => asLevelFrame(frame, time, field, query))
      : [frame];
  });
  return { ...response, data };
}

export function asksLogsVolume(request: DataQueryRequest<AccessQuery>): boolean {
  return request.targets.some(({ refId }) => refId.startsWith(PREFIX));
}
