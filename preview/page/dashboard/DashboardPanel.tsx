import {
  type AbsoluteTimeRange,
  CoreApp,
  type DataFrame,
  LoadingState,
  type RawTimeRange,
  transformDataFrame,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { useEffect, useMemo, useState } from 'react';
import { exploreUrl } from '../explore/exploreUrl';
import type { DataSources } from '../grafana/dataSources';
import { ResultPanel } from '../results/ResultPanel';
import { toTimeRange, useQueryData } from '../results/useQueryData';
import type { Dashboard, Panel } from './model';
import type { LoadedVariable } from './variables';

export interface DashboardPanelProps {
  panel: Panel;
  dashboard: Dashboard;
  dataSources: DataSources;
  range: RawTimeRange;
  /** A new list asks anew. */
  variables: LoadedVariable[];
  refreshes: number;
  onZoom: (range: AbsoluteTimeRange) => void;
}

/** A panel of a dashboard: asks its queries, transforms what came and draws it. */
export function DashboardPanel({
  panel,
  dashboard,
  dataSources,
  range,
  variables,
  refreshes,
  onZoom,
}: DashboardPanelProps) {
  const run = useMemo(() => {
    const { id, type, title, targets, datasource, interval, maxDataPoints } = panel;
    if (!targets?.length) {
      return undefined;
    }
    const dataSource = dataSources.instance(datasource ?? targets[0].datasource);
    const ref = { type: dataSource.type, uid: dataSource.uid };
    const identity = {
      dashboardUID: dashboard.uid,
      dashboardTitle: dashboard.title,
      panelId: id,
      panelName: title,
      panelPluginId: type,
    };
    return {
      dataSource,
      range,
      variables,
      refreshes,
      app: CoreApp.Dashboard,
      minInterval: interval,
      panel: identity,
      queries: targets.map((query) => ({ ...query, datasource: ref })),
      maxDataPoints: maxDataPoints ?? Math.round((window.innerWidth * panel.gridPos.w) / 24),
    };
  }, [panel, dashboard, dataSources, range, variables, refreshes]);
  const data = useQueryData(run);
  const frames = useTransformed(data?.series, panel);
  const title = getTemplateSrv().replace(panel.title);
  return (
    <ResultPanel
      title={title}
      description={panel.description}
      id={`${panel.id}`}
      type={panel.type}
      frames={frames}
      errors={data?.errors ?? []}
      state={data?.state ?? (run ? LoadingState.Loading : LoadingState.Done)}
      timeRange={data?.timeRange ?? toTimeRange(range)}
      fieldConfig={panel.fieldConfig ?? { defaults: {}, overrides: [] }}
      options={panel.options ?? {}}
      noticesIn="header"
      exploreUrl={run && exploreUrl({ datasource: run.dataSource.uid, queries: interpolated(run), range })}
      onZoom={onZoom}
    />
  );
}

const none: DataFrame[] = [];

/** The queries with the variables' values in their place, as Grafana hands them to Explore. */
function interpolated({
  dataSource,
  queries,
}: {
  dataSource: ReturnType<DataSources['instance']>;
  queries: NonNullable<Panel['targets']>;
}) {
  return dataSource.interpolateVariablesInQueries?.(queries, {}) ?? queries;
}

/** The frames after the panel's transformations. */
function useTransformed(series: DataFrame[] | undefined, { transformations }: Panel): DataFrame[] {
  const [transformed, setTransformed] = useState<{ series?: DataFrame[]; frames: DataFrame[] }>({ frames: none });
  useEffect(() => {
    const subscription =
      series && transformations?.length
        ? transformDataFrame(transformations, series).subscribe((frames) => setTransformed({ series, frames }))
        : undefined;
    return () => subscription?.unsubscribe();
  }, [series, transformations]);
  return transformations?.length ? transformed.frames : (series ?? none);
}
