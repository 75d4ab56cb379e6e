import { CoreApp, type DataQuery, type DataSourceApi, type RawTimeRange } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { useMemo, useRef, useState } from 'react';
import type { DataSources } from '../grafana/dataSources';
import { useLocation } from '../location';
import { useQueryData } from '../results/useQueryData';
import { exploreUrl, nextRefId, parseExploreUrl } from './exploreUrl';

/** Edited queries that have not run; they belong to the address that they were edited at. */
interface Draft {
  search: string;
  queries: DataQuery[];
}

/** Explore's state. Queries run as they stand in the address; edits are drafts until they run. */
export function useExplore(dataSources: DataSources) {
  const { search } = useLocation();
  const asked = useMemo(() => parseExploreUrl(search), [search]);
  const dataSource = dataSources.instance(asked.datasource);
  const running = useMemo(
    () => (asked.queries.length ? asked.queries : [newQuery(dataSource, [])]),
    [asked, dataSource]
  );
  const [refreshes, setRefreshes] = useState(0);
  const data = useQueryData(
    useMemo(() => {
      const maxDataPoints = window.innerWidth;
      return { dataSource, queries: running, range: asked.range, app: CoreApp.Explore, maxDataPoints, refreshes };
    }, [dataSource, running, asked, refreshes])
  );

  // Editors change and run in one go, before React renders: `latest` is what they changed to.
  const [draft, setDraft] = useState<Draft>();
  const latest = useRef<Draft | undefined>(undefined);
  const queries = draft && draft.search === search ? draft.queries : running;
  const edited = () => (latest.current && latest.current.search === search ? latest.current.queries : queries);
  const edit = (change: (queries: DataQuery[]) => DataQuery[]) => {
    latest.current = { search, queries: change(edited()) };
    setDraft(latest.current);
  };
  const run = (range: RawTimeRange = asked.range) => {
    const url = exploreUrl({ datasource: dataSource.uid, queries: edited(), range });
    const { pathname, search: current } = locationService.getLocation();
    if (url === pathname + current) {
      setRefreshes(refreshes + 1);
    } else {
      locationService.push(url);
    }
  };
  return {
    /** Changes with every query that runs, and not with a refresh. */
    address: search,
    dataSource,
    data,
    range: asked.range,
    running,
    queries,
    run,
    change: (index: number, query: DataQuery) => edit((all) => all.with(index, query)),
    remove: (index: number) => edit((all) => all.toSpliced(index, 1)),
    /** Appends the query under a name of its own, or a new one. */
    add: (query?: DataQuery) =>
      edit((all) => [...all, { ...(query ?? newQuery(dataSource, all)), refId: nextRefId(all) }]),
  };
}

function newQuery(dataSource: DataSourceApi, others: DataQuery[]): DataQuery {
  return {
    ...dataSource.getDefaultQuery?.(CoreApp.Explore),
    refId: nextRefId(others),
    datasource: { type: dataSource.type, uid: dataSource.uid },
  };
}
