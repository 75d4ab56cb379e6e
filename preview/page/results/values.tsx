import {
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  VizOrientation,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import {
  BarGauge,
  BarGaugeDisplayMode,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  useTheme2,
  VizRepeater,
} from '@grafana/ui';
import { useTimeZone } from '../timeZone';
import type { VisualizationProps } from './panel';

/** One value a series, or a row where the panel says so. */
export function useDisplayValues(
  { frames, options, fieldConfig, timeRange }: VisualizationProps,
  sparkline: boolean
): () => FieldDisplay[] {
  const [timeZone] = useTimeZone();
  const theme = useTheme2();
  return () => {
    const values = getFieldDisplayValues({
      data: frames,
      fieldConfig,
      theme,
      sparkline,
      timeZone,
      reduceOptions: { calcs: ['lastNotNull'], ...options.reduceOptions },
      replaceVariables: (text, scopedVars, format) => getTemplateSrv().replace(text, scopedVars, format),
    });
    return values.map((value) => ({ ...value, sparkline: value.sparkline && { ...value.sparkline, timeRange } }));
  };
}

/** One big number a series. */
export function Stats(props: VisualizationProps) {
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
export function Bars(props: VisualizationProps) {
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
          displayMode={asBarMode(options.displayMode)}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
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

/** Legends and bar gauges have a `displayMode` each; a bar chart has the legend's. */
function asBarMode(mode: unknown): BarGaugeDisplayMode {
  return Object.values(BarGaugeDisplayMode).find((known) => known === mode) ?? BarGaugeDisplayMode.Gradient;
}
