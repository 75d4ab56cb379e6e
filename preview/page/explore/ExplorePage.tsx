import { css } from '@emotion/css';
import { type GrafanaTheme2, LoadingState } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import type { DataSources } from '../grafana/dataSources';
import { TimeControls } from '../TimeControls';
import { ExploreResults } from './ExploreResults';
import { QueryRow } from './QueryRow';
import { useExplore } from './useExplore';

/** Grafana's Explore, as far as a data source sees it. */
export function ExplorePage({ dataSources }: { dataSources: DataSources }) {
  const styles = useStyles2(getStyles);
  const { address, dataSource, data, range, running, queries, run, change, remove, add } = useExplore(dataSources);
  return (
    <div className={styles.page}>
      <div className={styles.toolbar}>
        <h1 className={styles.title}>Explore</h1>
        <TimeControls
          range={range}
          text="Run query"
          isLoading={data?.state === LoadingState.Loading}
          onChange={run}
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
          onChange={(changed) => change(index, changed)}
          onAdd={add}
          onRemove={() => {
            remove(index);
            run();
          }}
          onRun={() => run()}
        />
      ))}
      <div>
        <Button icon="plus" variant="secondary" onClick={() => add()}>
          Add query
        </Button>
      </div>
      {/* Keyed: the menu of a followed data link goes with the result that it belongs to. */}
      {data && (
        <ExploreResults
          key={address}
          data={data}
          queries={running}
          onZoom={({ from, to }) => run({ from: `${from}`, to: `${to}` })}
        />
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  toolbar: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' }),
  title: css({ ...theme.typography.h4, margin: 0, flex: 1 }),
});
