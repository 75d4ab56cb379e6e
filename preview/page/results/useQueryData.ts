import {
  CoreApp,
  type DataFrame,
  type DataQuery,
  type DataQueryError,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  LoadingState,
  type PanelData,
  rangeUtil,
  type RawTimeRange,
  type TimeRange,
  toDataFrame,
} from '@grafana/data';
import { getTemplateSrv, toDataQueryError } from '@grafana/runtime';
import { useEffect, useState } from 'react';
import { catchError, defer, from, map, type Observable, of } from 'rxjs';

/** What a panel or Explore asks; a new object asks anew. */
export interface QueryRun {
  dataSource: DataSourceApi;
  queries: DataQuery[];
  range: RawTimeRange;
  app: CoreApp;
  maxDataPoints: number;
  minInterval?: string;
  panel?: Pick<DataQueryRequest, 'dashboardUID' | 'dashboardTitle' | 'panelId' | 'panelName' | 'panelPluginId'>;
  filters?: DataQueryRequest['filters'];
}

let requests = 0;

export function toTimeRange(raw: RawTimeRange): TimeRange {
  return rangeUtil.convertRawToRange(raw);
}

function buildRequest(run: QueryRun): DataQueryRequest {
  const range = toTimeRange(run.range);
  const { interval, intervalMs } = rangeUtil.calculateInterval(range, run.maxDataPoints, run.minInterval);
  return {
    ...run.panel,
    requestId: `preview-${++requests}`,
    app: run.app,
    range,
    interval,
    intervalMs,
    maxDataPoints: run.maxDataPoints,
    timezone: 'browser',
    startTime: Date.now(),
    filters: run.filters,
    targets: run.queries.filter((query) => !query.hide && (run.dataSource.filterQuery?.(query) ?? true)),
    scopedVars: {
      __interval: { text: interval, value: interval },
      __interval_ms: { text: `${intervalMs}`, value: intervalMs },
    },
  };
}

/** Errors that came with a response; Grafana has had one `error` and a list of them. */
function errorsOf({ errors, error }: DataQueryResponse): DataQueryError[] {
  return errors ?? (error ? [error] : []);
}

const nothing: Observable<DataQueryResponse> = of({ data: [] });

function query(run: QueryRun): Observable<PanelData> {
  const request = buildRequest(run);
  const base = { request, timeRange: request.range };
  getTemplateSrv().updateTimeRange(request.range);
  const frames = new Map<string, DataFrame[]>();
  return defer(() => (request.targets.length ? from(run.dataSource.query(request)) : nothing)).pipe(
    map((response): PanelData => {
      frames.set(response.key ?? '', response.data.map(toDataFrame));
      const errors = errorsOf(response);
      const state = errors.length ? LoadingState.Error : (response.state ?? LoadingState.Done);
      return { ...base, state, errors, series: [...frames.values()].flat() };
    }),
    catchError((error: unknown) =>
      of({ ...base, state: LoadingState.Error, errors: [toDataQueryError(error)], series: [] })
    )
  );
}

/** Runs the queries whenever `run` is another object, and keeps the last answer while it loads. */
export function useQueryData(run: QueryRun | undefined): PanelData | undefined {
  const [answer, setAnswer] = useState<{ run: QueryRun; data: PanelData }>();
  useEffect(() => {
    const subscription = run && query(run).subscribe((data) => setAnswer({ run, data }));
    return () => subscription?.unsubscribe();
  }, [run]);
  if (!run || answer?.run === run) {
    return answer?.data;
  }
  const before = answer?.data ?? { series: [], timeRange: toTimeRange(run.range) };
  return { ...before, state: LoadingState.Loading, errors: [] };
}
