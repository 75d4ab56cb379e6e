import type { AbsoluteTimeRange, DataFrame, FieldConfigSource, TimeRange, VizOrientation } from '@grafana/data';
import type { BarGaugeNamePlacement, BarGaugeValueMode, VizLegendOptions, VizTooltipOptions } from '@grafana/schema';
import type {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  TableSortByFieldState,
} from '@grafana/ui';

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
