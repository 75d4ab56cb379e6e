import {
  FieldType,
  SupplementaryQueryType,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type Field,
  type SupplementaryQueryOptions,
} from '@grafana/data';

import { isComplete } from '../query/model';
import { type AccessQuery } from '../types';

/** Explore finds a volume's query by this prefix. */
const PREFIX = 'log-volume-';

/** Levels by outcome, so that Explore draws blocked logins in red; pkg/frame gives log lines the same ones. */
const LEVELS: Record<string, string> = { allowed: 'info', success: 'info', blocked: 'error', failure: 'error' };

export const SUPPLEMENTARY_QUERY_TYPES = [SupplementaryQueryType.LogsVolume];

/** The counts by outcome behind a query for logs; undefined for other queries, and for one that cannot be asked. */
export function logsVolumeQuery({ type }: SupplementaryQueryOptions, query: AccessQuery): AccessQuery | undefined {
  const isAsked = query.format === 'logs' && !query.hide && isComplete(query);
  if (type !== SupplementaryQueryType.LogsVolume || !isAsked) {
    return undefined;
  }
  return {
    ...query,
    refId: `${PREFIX}${query.refId}`,
    format: 'time_series',
    groupBy: ['outcome'],
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

function asLevelFrame(frame: DataFrame, time: Field, field: Field): DataFrame {
  const level = LEVELS[field.labels?.outcome ?? ''];
  const labels = { ...field.labels, ...(level && { level }) };
  return { ...frame, fields: [time, { ...field, labels }] };
}

/**
 * Explore takes a frame's level from the labels of its first number field, so a volume's wide frame is split into
 * one frame for each outcome.
 */
export function splitLogsVolume(response: DataQueryResponse): DataQueryResponse {
  const data = response.data.flatMap((frame: DataFrame) => {
    const time = frame.fields.find((field) => field.type === FieldType.time);
    const counts = frame.fields.filter((field) => field.type === FieldType.number);
    const isVolume = frame.refId?.startsWith(PREFIX) && time !== undefined && counts.length > 0;
    return isVolume ? counts.map((field) => asLevelFrame(frame, time, field)) : [frame];
  });
  return { ...response, data };
}

export function asksLogsVolume(request: DataQueryRequest<AccessQuery>): boolean {
  return request.targets.some(({ refId }) => refId.startsWith(PREFIX));
}
