import {
  type AbsoluteTimeRange,
  type DataFrame,
  type DisplayValueAlignmentFactors,
  type FieldConfigSource,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type TimeRange,
  VizOrientation,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import {
  LegendDisplayMode,
  SortOrder,
  TooltipDisplayMode,
  type VizLegendOptions,
  type VizTooltipOptions,
} from '@grafana/schema';
import {
  BarGauge,
  BarGaugeDisplayMode,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  type BigValueJustifyMode,
  type BigValueTextMode,
  RenderUserContentAsHTML,
  type TableSortByFieldState,
  TimeSeries,
  TooltipPlugin,
  useTheme2,
  VizRepeater,
  ZoomPlugin,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { useMemo } from 'react';
import { applyFieldConfig } from './fieldConfig';
import { LogList } from './LogList';

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
  showUnfilled?: boolean;
  sortBy?: TableSortByFieldState[];
  content?: string;
}

interface Props {
  /** Id of the Grafana panel: timeseries, table, logs, stat, bargauge, barchart, piechart or text. */
  type: string;
  frames: DataFrame[];
  fieldConfig: FieldConfigSource;
  options: PanelOptions;
  timeRange: TimeRange;
  width: number;
  height: number;
  onZoom: (range: AbsoluteTimeRange) => void;
}

/** Draws frames as Grafana's panel of that type does, with the components that Grafana publishes. */
export function Visualization(props: Props) {
  const { type, fieldConfig } = props;
  const theme = useTheme2();
  const frames = useMemo(
    () => applyFieldConfig(props.frames, type, fieldConfig, theme),
    [props.frames, type, fieldConfig, theme]
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
    // Grafana publishes no bar chart and no pie chart: bars show the same numbers.
    case 'bargauge':
    case 'barchart':
    case 'piechart':
      return <Bars {...drawn} />;
    case 'text':
      return <RenderUserContentAsHTML className="markdown-html" content={props.options.content ?? ''} />;
    default:
      return <p>The preview does not draw panels of type {type}.</p>;
  }
}

function Graph({ frames, options, timeRange, width, height, onZoom }: Props) {
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
      timeZone="browser"
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
            timeZone="browser"
            mode={options.tooltip?.mode ?? TooltipDisplayMode.Multi}
            sortOrder={options.tooltip?.sort ?? SortOrder.None}
          />
        </>
      )}
    </TimeSeries>
  );
}

function Tables({ frames, options, timeRange, width, height }: Props) {
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

function useDisplayValues(
  { frames, options, fieldConfig, timeRange }: Props,
  sparkline: boolean
): () => FieldDisplay[] {
  const theme = useTheme2();
  return () => {
    const values = getFieldDisplayValues({
      data: frames,
      fieldConfig,
      theme,
      sparkline,
      timeZone: 'browser',
      reduceOptions: { calcs: ['lastNotNull'], ...options.reduceOptions },
      replaceVariables: (text, scopedVars, format) => getTemplateSrv().replace(text, scopedVars, format),
    });
    return values.map((value) => ({ ...value, sparkline: value.sparkline && { ...value.sparkline, timeRange } }));
  };
}

function Stats(props: Props) {
  const { options, frames, width, height } = props;
  const theme = useTheme2();
  const graphMode = options.graphMode ?? BigValueGraphMode.Area;
  const getValues = useDisplayValues(props, graphMode !== BigValueGraphMode.None);
  return (
    <VizRepeater
      source={frames}
      renderCounter={0}
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      width={width}
      height={height}
      orientation={options.orientation ?? VizOrientation.Auto}
      autoGrid
      renderValue={({ value, alignmentFactors, width, height, count }) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline}
          count={count}
          alignmentFactors={alignmentFactors}
          colorMode={options.colorMode ?? BigValueColorMode.Value}
          graphMode={graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
          width={width}
          height={height}
          theme={theme}
        />
      )}
    />
  );
}

/** A table of counts (`reduceOptions.values`) is a bar a row; a chart of one that does not say so is too. */
function Bars(props: Props) {
  const { frames, width, height, type, options } = props;
  const theme = useTheme2();
  const reduceOptions = type === 'barchart' ? { values: true, calcs: [], limit: 20 } : options.reduceOptions;
  const getValues = useDisplayValues(
    { ...props, options: { ...options, reduceOptions: reduceOptions ?? { calcs: ['sum'] } } },
    false
  );
  return (
    <VizRepeater<FieldDisplay, DisplayValueAlignmentFactors>
      source={frames}
      renderCounter={0}
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      width={width}
      height={height}
      minVizHeight={16}
      itemSpacing={8}
      orientation={type === 'bargauge' ? (options.orientation ?? VizOrientation.Horizontal) : VizOrientation.Horizontal}
      renderValue={({ value, alignmentFactors, orientation, width, height }) => (
        <BarGauge
          value={value.display}
          field={value.field}
          display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
          alignmentFactors={alignmentFactors}
          displayMode={options.displayMode ?? BarGaugeDisplayMode.Gradient}
          showUnfilled={options.showUnfilled ?? true}
          orientation={orientation}
          width={width}
          height={height}
          theme={theme}
        />
      )}
    />
  );
}
