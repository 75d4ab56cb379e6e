import { LoadingState, type DataFrame, type PanelData } from '@grafana/data';

import { catalogue } from '../../catalogue';
import { type AccessQuery, type Coverage, type CoverageReason, type FullQuery } from '../types';

/** What the editor says about the last answer. */
export interface CoverageLine {
  complete: boolean;
  /** Parts of the line, such as "1,204 logins" and "complete". */
  parts: string[];
  /** What was cut and what to narrow, from the answer's notices. */
  advice: string[];
  /** Changes the query so that more of the answer is covered. */
  remedy?: { label: string; apply: (query: AccessQuery) => AccessQuery };
}

const REASONS = {
  limit: 'cut by the limit',
  max_rows: 'cut by the data source’s maximum rows',
  retention: 'part of the range is beyond the retention period',
  rate_limit: 'stopped by the rate limit',
  upstream: 'Cloudflare failed for part of the range',
  unverified: 'a filter couldn’t be checked',
  bad_rows: 'some rows have values that can’t be read',
  page_size: 'more groups than Cloudflare returns at once',
  timeout: 'ran out of time',
} satisfies Record<CoverageReason, string>;

const WAYS_OUT = {
  limit: 'Raise the limit, or narrow the time range or the filters.',
  max_rows: 'Narrow the time range or the filters.',
  retention: 'Choose a later start.',
  rate_limit: 'Wait, or narrow the time range.',
  upstream: 'Run the query again.',
  unverified: 'Remove the filter, or use another field.',
  bad_rows: 'Look up these rows in Cloudflare’s dashboard.',
  page_size: 'Count by fewer fields, or add filters.',
  timeout: 'Narrow the time range.',
} satisfies Record<CoverageReason, string>;

/** The frames that answer a query. */
export function framesOf(data: PanelData | undefined, refId: string): DataFrame[] {
  return data?.series.filter((frame) => frame.refId === refId) ?? [];
}

function isCoverage(value: unknown): value is Coverage {
  return typeof value === 'object' && value !== null && 'complete' in value && 'rows' in value;
}

/** The coverage of the last answer to a query, or undefined before the first answer. */
export function readCoverage(data: PanelData | undefined, refId: string): Coverage | undefined {
  return framesOf(data, refId)
    .map((frame): unknown => frame.meta?.custom?.coverage)
    .find(isCoverage);
}

/** Whether the query is being asked right now. */
export function isAsking(data: PanelData | undefined, refId: string): boolean {
  const asked = data?.request?.targets.some((target) => target.refId === refId) ?? false;
  return data?.state === LoadingState.Loading && asked;
}

/** A span of time in the largest unit that fits. */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) {
    return `${seconds} s ago`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) {
    return `${minutes} min ago`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

function calls(coverage: Coverage): string {
  const made = count(coverage.upstreamCalls, 'call', 'calls');
  const saved = coverage.savedCalls ? `, ${coverage.savedCalls.toLocaleString('en')} saved` : '';
  return made + saved;
}

function raiseLimit(query: FullQuery, maxRows: number): CoverageLine['remedy'] {
  const current = query.limit ?? Math.min(1000, maxRows);
  const raised = Math.min(current * 10, maxRows);
  return raised > current
    ? { label: `Raise the limit to ${raised.toLocaleString('en')}`, apply: (latest) => ({ ...latest, limit: raised }) }
    : undefined;
}

function notices(frames: DataFrame[]): string[] {
  const texts = frames.flatMap((frame) => frame.meta?.notices ?? []).filter(({ severity }) => severity !== 'info');
  return [...new Set(texts.map(({ text }) => text))];
}

/** When the answer came, which "newest 12 s ago" is relative to. */
function answeredAt(data: PanelData): number {
  return data.request?.endTime ?? data.timeRange.to.valueOf();
}

function clock(time: string): string {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** The editor's last line, which says how much of the question the last answer covers and, if that isn't all, offers a way out. */
export function describeCoverage(
  data: PanelData | undefined,
  query: FullQuery,
  maxRows: number
): CoverageLine | undefined {
  const coverage = readCoverage(data, query.refId);
  if (!data || !coverage) {
    return undefined;
  }
  const { noun, parts: sections } = catalogue[query.queryType];
  const { complete, reason, newest, sampled, retryAt } = coverage;
  const parts = [
    // The rows of an answer in sections are no events.
    ...(sections ? [] : [count(coverage.rows, noun.one, noun.many)]),
    complete
      ? 'complete'
      : `not complete: ${reason ? (REASONS[reason] ?? reason) : 'Cloudflare didn’t return everything'}`,
    ...(sampled
      ? [
          `sampled by Cloudflare${coverage.sampleInterval ? `, 1 in ${coverage.sampleInterval.toLocaleString('en')}` : ''}`,
        ]
      : []),
    calls(coverage),
    ...(newest ? [`newest ${ago(answeredAt(data) - Date.parse(newest))}`] : []),
    ...(retryAt ? [`next call possible at ${clock(retryAt)}`] : []),
  ];
  const said = complete ? [] : notices(framesOf(data, query.refId));
  const fallback = !complete && reason && WAYS_OUT[reason] ? [WAYS_OUT[reason]] : [];
  return {
    complete,
    parts,
    advice: said.length > 0 ? said : fallback,
    ...(reason === 'limit' && { remedy: raiseLimit(query, maxRows) }),
  };
}
