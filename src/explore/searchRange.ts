import { rangeUtil, type TimeRange } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { isEqual } from 'lodash';

import { type AccessQuery } from '../types';

/** Ranges up to now in which something that was not found is looked for next. */
const SEARCHES = [
  { from: 'now-24h', label: 'last 24 hours' },
  { from: 'now-7d', label: 'last 7 days' },
  { from: 'now-30d', label: 'last 30 days' },
] as const;

export type Search = (typeof SEARCHES)[number];

/** The searches that begin before a range does. */
export function widerSearches(range: TimeRange): Search[] {
  return SEARCHES.filter(({ from }) => rangeUtil.convertRawToRange({ from, to: 'now' }).from.isBefore(range.from));
}

interface Pane {
  queries?: Array<Pick<AccessQuery, 'refId' | 'datasource' | 'filters'>>;
  range?: { from: string; to: string };
}

/** Panes beside each other have queries with the same refId, often of the same data source, but other filters. */
function asks({ queries }: Pane, { refId, datasource, filters }: AccessQuery): boolean {
  const known = queries?.find((query) => query.refId === refId && query.datasource?.uid === datasource?.uid);
  return known !== undefined && isEqual(known.filters ?? [], filters ?? []);
}

/**
 * Shows a time range, in the panes of Explore that ask the query or in the dashboard. A query editor has no other way
 * than the address to change the range. `left` is what Explore's older addresses have in place of `panes`.
 */
export function showRange(query: AccessQuery, { from }: Search): void {
  const range = { from, to: 'now' };
  const params = locationService.getSearchObject();
  if (typeof params.panes === 'string') {
    const panes: Record<string, Pane> = JSON.parse(params.panes);
    const moved = Object.entries(panes).map(([id, pane]) => [id, asks(pane, query) ? { ...pane, range } : pane]);
    locationService.partial({ panes: JSON.stringify(Object.fromEntries(moved)) });
  } else if (typeof params.left === 'string') {
    locationService.partial({ left: JSON.stringify({ ...JSON.parse(params.left), range }) });
  } else {
    locationService.partial(range);
  }
}
