import { type DataQuery, type RawTimeRange } from '@grafana/data';
import { formatRange, parseRange } from '../location';

/** What the address of an Explore page holds. */
export interface ExploreState {
  datasource?: string;
  queries: DataQuery[];
  range: RawTimeRange;
}

const defaultRange: RawTimeRange = { from: 'now-1h', to: 'now' };

/** Reads `left`, which Grafana's internal data links write, or the first of `panes`, which newer addresses have. */
export function parseExploreUrl(search: string): ExploreState {
  const params = new URLSearchParams(search);
  const left = params.get('left');
  const panes = params.get('panes');
  try {
    const state = left ? JSON.parse(left) : panes ? Object.values(JSON.parse(panes))[0] : {};
    const queries = (state.queries ?? []).map((query: DataQuery, index: number) => ({
      ...query,
      refId: query.refId || letter(index),
    }));
    return {
      datasource: state.datasource,
      queries,
      range: parseRange(state.range?.from, state.range?.to, defaultRange),
    };
  } catch {
    return { queries: [], range: defaultRange };
  }
}

export function exploreUrl({ datasource, queries, range }: ExploreState): string {
  const left = JSON.stringify({ datasource, queries, range: formatRange(range) });
  return `/explore?left=${encodeURIComponent(left)}`;
}

const letter = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index);

/** The first letter that no query has. */
export function nextRefId(queries: DataQuery[]): string {
  for (let index = 0; ; index++) {
    if (!queries.some((query) => query.refId === letter(index))) {
      return letter(index);
    }
  }
}
