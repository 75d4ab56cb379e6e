import {
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  formattedValueToString,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  VizOrientation,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { LegendDisplayMode } from '@grafana/schema';
import {
  BarGauge,
  BarGaugeDisplayMode,
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  useTheme2,
  VizLayout,
  VizLegend,
  VizRepeater,
} from '@grafana/ui';
import { useTimeZone } from '../timeZone';
import type { VisualizationProps } from './Visualization';

function useDisplayValues(
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

const radius = 40;
const circumference = 2 * Math.PI * radius;

/** A pie chart: Grafana publishes none. */
export function Donut(props: VisualizationProps) {
  const theme = useTheme2();
  const { width, height, options } = props;
  const values = useDisplayValues(props, false)().filter(({ display }) => display.numeric > 0);
  const total = values.reduce((sum, { display }) => sum + display.numeric, 0);
  const colors = theme.visualization.palette.map((name) => theme.visualization.getColorByName(name));
  const slices = values.map(({ display }, index) => {
    const before = values.slice(0, index).reduce((sum, other) => sum + other.display.numeric, 0);
    return { display, share: display.numeric / total, start: before / total, color: colors[index % colors.length] };
  });
  const items = slices.map(({ display, share, color }) => ({
    label: display.title ?? '',
    color,
    yAxis: 1,
    getDisplayValues: () => [
      { ...display, title: 'Value' },
      { numeric: share, text: `${Math.round(share * 100)}%`, title: 'Percent' },
    ],
  }));
  const placement = options.legend?.placement ?? 'right';
  const legend = (
    <VizLayout.Legend placement={placement} maxWidth="55%">
      <VizLegend
        items={items}
        placement={placement}
        displayMode={options.legend?.displayMode ?? LegendDisplayMode.List}
      />
    </VizLayout.Legend>
  );
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(width, height) => (
        <svg
          width={width}
          height={height}
          viewBox="0 0 100 100"
          role="img"
          aria-label={items.map(({ label }) => label).join(', ')}
        >
          {slices.map(({ display, share, start, color }) => (
            <circle
              key={display.title}
              cx={50}
              cy={50}
              r={radius}
              fill="none"
              stroke={color}
              strokeWidth={16}
              strokeDasharray={`${share * circumference} ${circumference}`}
              transform={`rotate(${start * 360 - 90} 50 50)`}
            >
              <title>{`${display.title}: ${formattedValueToString(display)}`}</title>
            </circle>
          ))}
        </svg>
      )}
    </VizLayout>
  );
}
