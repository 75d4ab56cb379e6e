import {
  type AbsoluteTimeRange,
  type DataFrame,
  type FieldConfigSource,
  type TimeRange,
  type VizOrientation,
} from '@grafana/data';
import {
  type BarGaugeNamePlacement,
  type BarGaugeValueMode,
  LegendDisplayMode,
  SortOrder,
  TooltipDisplayMode,
  type VizLegendOptions,
  type VizTooltipOptions,
} from '@grafana/schema';
import {
  type BarGaugeDisplayMode,
  type BigValueColorMode,
  type BigValueGraphMode,
  type BigValueJustifyMode,
  type BigValueTextMode,
  RenderUserContentAsHTML,
  type TableSortByFieldState,
  TimeSeries,
  TooltipPlugin,
  useTheme2,
  ZoomPlugin,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useMemo } from 'react';
import { applyFieldConfig } from './fieldConfig';
import { useTimeZone } from '../timeZone';
import { Donut } from './Donut';
import { LogList } from './LogList';
import { Bars, Stats } from './values';

/** The options of Grafana's panels that the preview draws; a panel has those of its type. */
export interface PanelOptions {
  legend?: VizLegendOptions;
  tooltip?: VizTooltipOptions;
  reduceOptions?: { calcs: string[]; values?: boolean; fields?: string; limit?: number };
  colorMode?: BigValueColorMode;
  graphMode?: BigValueGraphMode;
  justifyMode?: BigValueJustifyMode;
  textMode?: BigValueTextMode;
  orientation?: VizOrientation;
  displayMode?: BarGaugeDisplayMode;
  valueMode?: BarGaugeValueMode;
  namePlacement?: BarGaugeNamePlacement;
  showUnfilled?: boolean;
  sortBy?: TableSortByFieldState[];
  content?: string;
}

export interface VisualizationProps {
  /** Id of the Grafana panel: timeseries, table, logs, stat, bargauge, barchart, piechart or text. */
  type: string;
  frames: DataFrame[];
  fieldConfig: FieldConfigSource;
  options: PanelOptions;
  timeRange: TimeRange;
  /** The range that internal data links open Explore with; the link's own without. */
  linkRange?: TimeRange;
  width: number;
  height: number;
  onZoom: (range: AbsoluteTimeRange) => void;
}

/** Draws frames as Grafana's panel of that type does, with the components that Grafana publishes. */
export function Visualization(props: VisualizationProps) {
  const { type, fieldConfig, linkRange } = props;
  const theme = useTheme2();
  const [timeZone] = useTimeZone();
  const frames = useMemo(
    () => applyFieldConfig(props.frames, type, fieldConfig, theme, timeZone, linkRange),
    [props.frames, type, fieldConfig, theme, timeZone, linkRange]
  );
  const drawn = { ...props, frames };
  switch (type) {
    case 'timeseries':
      return <Graph {...drawn} />;
    case 'table':
      return <Tables {...drawn} />;
    case 'logs':
      return <LogList frames={frames} />;
    case 'stat':
      return <Stats {...drawn} />;
    // Grafana publishes no bar chart: a bar gauge shows the same numbers.
    case 'bargauge':
    case 'barchart':
      return <Bars {...drawn} />;
    case 'piechart':
      return <Donut {...drawn} />;
    case 'text':
      return <RenderUserContentAsHTML className="markdown-html" content={props.options.content ?? ''} />;
    default:
      return <p>The preview does not draw panels of type {type}.</p>;
  }
}

function Graph({ frames, options, timeRange, width, height, onZoom }: VisualizationProps) {
  const [timeZone] = useTimeZone();
  const legend = {
    showLegend: true,
    displayMode: LegendDisplayMode.List,
    placement: 'bottom' as const,
    calcs: [],
    ...options.legend,
  };
  return (
    <TimeSeries
      frames={frames}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
      height={height}
      legend={legend}
      options={options}
    >
      {(config, aligned) => (
        <>
          <ZoomPlugin config={config} onZoom={onZoom} />
          <TooltipPlugin
            config={config}
            data={aligned}
            frames={frames}
            timeZone={timeZone}
            mode={options.tooltip?.mode ?? TooltipDisplayMode.Multi}
            sortOrder={options.tooltip?.sort ?? SortOrder.None}
          />
        </>
      )}
    </TimeSeries>
  );
}

function Tables({ frames, options, timeRange, width, height }: VisualizationProps) {
  const [frame] = frames;
  return (
    frame && (
      <TableNG
        data={frame}
        width={width}
        height={height}
        timeRange={timeRange}
        sortBy={options.sortBy}
        enableVirtualization
      />
    )
  );
}
