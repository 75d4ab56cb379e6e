import { css } from '@emotion/css';
import {
  CoreApp,
  type DataQuery,
  type DataSourceApi,
  type GrafanaTheme2,
  LoadingState,
  type RawTimeRange,
} from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { Button, useStyles2 } from '@grafana/ui';
import { useMemo, useRef, useState } from 'react';
import type { DataSources } from '../grafana/dataSources';
import { useLocation } from '../location';
import { useQueryData } from '../results/useQueryData';
import { TimeControls } from '../TimeControls';
import { ExploreResults } from './ExploreResults';
import { exploreUrl, nextRefId, parseExploreUrl } from './exploreUrl';
import { QueryRow } from './QueryRow';

/** Grafana's Explore, as far as a data source sees it. Queries run as they stand in the address; edits are drafts. */
export function ExplorePage({ dataSources }: { dataSources: DataSources }) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const asked = useMemo(() => parseExploreUrl(search), [search]);
  const dataSource = dataSources.instance(asked.datasource);
  const [refreshes, setRefreshes] = useState(0);
  const initial = useMemo(
    () => (asked.queries.length ? asked.queries : [newQuery(dataSource, [])]),
    [asked, dataSource]
  );

  // Editors change and run in one go, before React renders: `latest` is what they changed to.
  const [draft, setDraft] = useState<{ search: string; queries: DataQuery[] }>();
  const latest = useRef<DataQuery[] | undefined>(undefined);
  const queries = draft && draft.search === search ? draft.queries : initial;
  const setQueries = (changed: DataQuery[]) => {
    latest.current = changed;
    setDraft({ search, queries: changed });
  };

  const run = (range: RawTimeRange = asked.range, current: DataQuery[] = latest.current ?? queries) => {
    const url = exploreUrl({ datasource: dataSource.uid, queries: current, range });
    latest.current = undefined;
    if (url === locationUrl()) {
      setRefreshes(refreshes + 1);
    } else {
      locationService.push(url);
    }
  };

  const data = useQueryData(
    useMemo(
      () => ({
        dataSource,
        queries: initial,
        range: asked.range,
        app: CoreApp.Explore,
        maxDataPoints: window.innerWidth,
        refreshes,
      }),
      [dataSource, initial, asked, refreshes]
    )
  );
  const add = (query: DataQuery) => setQueries([...queries, { ...query, refId: nextRefId(queries) }]);
  return (
    <div className={styles.page}>
      <div className={styles.toolbar}>
        <h1 className={styles.title}>Explore</h1>
        <TimeControls
          range={asked.range}
          text="Run query"
          isLoading={data?.state === LoadingState.Loading}
          onChange={(range) => run(range)}
          onRefresh={() => run()}
        />
      </div>
      {queries.map((query, index) => (
        <QueryRow
          key={query.refId}
          query={query}
          queries={queries}
          dataSource={dataSource}
          data={data}
          onChange={(changed) => setQueries((latest.current ?? queries).with(index, changed))}
          onAdd={add}
          onRemove={() => run(asked.range, queries.toSpliced(index, 1))}
          onRun={() => run()}
        />
      ))}
      <div>
        <Button icon="plus" variant="secondary" onClick={() => add(newQuery(dataSource, queries))}>
          Add query
        </Button>
      </div>
      {data && (
        <ExploreResults
          data={data}
          queries={initial}
          onZoom={({ from, to }) => run({ from: `${from}`, to: `${to}` })}
        />
      )}
    </div>
  );
}

function newQuery(dataSource: DataSourceApi, others: DataQuery[]): DataQuery {
  return {
    ...dataSource.getDefaultQuery?.(CoreApp.Explore),
    refId: nextRefId(others),
    datasource: { type: dataSource.type, uid: dataSource.uid },
  };
}

function locationUrl(): string {
  const { pathname, search } = locationService.getLocation();
  return pathname + search;
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  toolbar: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' }),
  title: css({ ...theme.typography.h4, margin: 0, flex: 1 }),
});
