import { css } from '@emotion/css';
import {
  type AbsoluteTimeRange,
  type DataFrame,
  type DataQuery,
  FieldType,
  LoadingState,
  type PanelData,
} from '@grafana/data';
import { exploreFieldConfig } from '../results/fieldConfig';
import { ResultPanel } from '../results/ResultPanel';

interface Props {
  data: PanelData;
  queries: DataQuery[];
  onZoom: (range: AbsoluteTimeRange) => void;
}

const panels = {
  timeseries: { name: 'Graph', height: 340 },
  table: { name: 'Table', height: 460 },
  logs: { name: 'Logs', height: 460 },
} as const;
type PanelType = keyof typeof panels;

/** How Explore shows a frame: as it says itself, otherwise as a graph where it has a time and numbers. */
function panelType(frame: DataFrame): PanelType {
  switch (frame.meta?.preferredVisualisationType) {
    case 'logs':
      return 'logs';
    case 'table':
      return 'table';
    case 'graph':
      return 'timeseries';
  }
  const has = (type: FieldType) => frame.fields.some((field) => field.type === type);
  return has(FieldType.time) && has(FieldType.number) && !has(FieldType.string) ? 'timeseries' : 'table';
}

/** Pixels; a short table is not stretched. */
function height(type: PanelType, frames: DataFrame[]): number {
  const full = panels[type].height;
  const rows = frames.reduce((sum, frame) => sum + frame.length, 0);
  return rows === 0 ? 140 : type === 'table' ? Math.min(full, 160 + 60 * rows) : full;
}

/** Each table stands on its own; other visualizations show several frames together. */
function tables([type, frames]: [PanelType, DataFrame[]]): Array<[PanelType, DataFrame[]]> {
  return type === 'table' ? frames.map((frame) => [type, [frame]]) : [[type, frames]];
}

/** A panel for each query and visualization. A query without frames shows what went wrong. */
export function ExploreResults({ data, queries, onZoom }: Props) {
  // Hidden and incomplete queries are not asked.
  const asked = new Set(data.request?.targets.map(({ refId }) => refId));
  const shown = queries.filter(({ refId }) => asked.has(refId));
  return shown.map(({ refId }) => {
    const frames = data.series.filter((frame) => (frame.refId ?? shown[0].refId) === refId);
    const errors = (data.errors ?? []).filter((error) => (error.refId ?? shown[0].refId) === refId);
    const groups = Map.groupBy(frames, panelType);
    const drawn = groups.size ? [...groups].flatMap(tables) : [['table', []] as [PanelType, DataFrame[]]];
    return drawn.map(([type, ofType], index) => (
      <div
        key={`${refId} ${type} ${ofType[0]?.name}`}
        style={{ height: height(type, ofType) }}
        className={css({ minWidth: 0 })}
      >
        <ResultPanel
          title={ofType.length ? `${refId}: ${ofType[0].name || panels[type].name}` : refId}
          id={index ? `${refId}-${ofType[0].name || type}` : refId}
          type={type}
          frames={ofType}
          errors={index ? [] : errors}
          state={data.state ?? LoadingState.Done}
          timeRange={data.timeRange}
          linkRange={data.timeRange}
          fieldConfig={type === 'timeseries' ? exploreFieldConfig : { defaults: {}, overrides: [] }}
          options={{}}
          noticesIn="body"
          onZoom={onZoom}
        />
      </div>
    ));
  });
}
