import { type FieldDisplay, formattedValueToString, type GrafanaTheme2 } from '@grafana/data';
import { LegendDisplayMode } from '@grafana/schema';
import { useTheme2, VizLayout, VizLegend } from '@grafana/ui';
import type { VisualizationProps } from './panel';
import { useDisplayValues } from './values';

const radius = 40;
const circumference = 2 * Math.PI * radius;

interface Slice {
  value: FieldDisplay;
  color: string;
  /** Parts of the whole, from 0 to 1. */
  share: number;
  start: number;
}

function slicesOf(values: FieldDisplay[], theme: GrafanaTheme2): Slice[] {
  const colors = theme.visualization.palette.map((name) => theme.visualization.getColorByName(name));
  const sum = (of: FieldDisplay[]) => of.reduce((total, { display }) => total + display.numeric, 0);
  const total = sum(values);
  return values.map((value, index) => ({
    value,
    color: colors[index % colors.length],
    share: value.display.numeric / total,
    start: sum(values.slice(0, index)) / total,
  }));
}

/** A pie chart: Grafana publishes none. */
export function Donut(props: VisualizationProps) {
  const theme = useTheme2();
  const { width, height, options } = props;
  const values = useDisplayValues(props, false)().filter(({ display }) => display.numeric > 0);
  const slices = slicesOf(values, theme);
  const items = slices.map(({ value: { display }, share, color }) => ({
    label: display.title ?? '',
    color,
    yAxis: 1,
    getDisplayValues: () => [display, { numeric: share, text: `${Math.round(share * 100)}%` }],
  }));
  const { placement = 'right', displayMode = LegendDisplayMode.List } = options.legend ?? {};
  const legend = (
    <VizLayout.Legend placement={placement} maxWidth="55%">
      <VizLegend items={items} placement={placement} displayMode={displayMode} />
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
          {slices.map((slice) => (
            <Arc key={slice.start} {...slice} />
          ))}
        </svg>
      )}
    </VizLayout>
  );
}

function Arc({ value: { display }, color, share, start }: Slice) {
  return (
    <circle
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
  );
}
