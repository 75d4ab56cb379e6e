import { findField, outcomeOf, type QueryTypeName } from '../catalogue/index';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DynamicConfigValue,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';

export const GOOD = 'green';
export const BAD = 'red';
export const NEUTRAL = 'blue';

/** Whole numbers with separators: a count of 3,974 is not "4 K". */
export const COUNT_UNIT = 'locale';

/** What a panel without an answer shows, also next to an error. It must not read as a count, nor as "none". */
export const NO_VALUE = '–';

export function fixed(color: string): FieldColorBuilder {
  return new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(color);
}

export function fixedOverride(color: string): DynamicConfigValue[] {
  return [{ id: 'color', value: { mode: FieldColorModeId.Fixed, fixedColor: color } }];
}

/** Several series in shades of one color. */
export function shadesOverride(color: string): DynamicConfigValue[] {
  return [{ id: 'color', value: { mode: FieldColorModeId.Shades, fixedColor: color } }];
}

/** A line to compare with, without an area below it. */
export function dashed(): DynamicConfigValue[] {
  return [
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
    { id: 'custom.fillOpacity', value: 0 },
  ];
}

/** The series of a count by outcome: green where it went well, red where not. */
export function outcomeColors(panel: TimeSeriesPanel, queryType: QueryTypeName): TimeSeriesPanel {
  const { accepted, refused } = outcomeOf(queryType);
  return panel
    .overrideByRegexp(`/${accepted}/i`, fixedOverride(GOOD))
    .overrideByRegexp(`/${refused}/i`, fixedOverride(BAD));
}

export function width(pixels: number): DynamicConfigValue[] {
  return [{ id: 'custom.width', value: pixels }];
}

/** Below this many pixels, the table scrolls sideways instead of squeezing the column. */
export function leastWidth(pixels: number): DynamicConfigValue[] {
  return [{ id: 'custom.minWidth', value: pixels }];
}

/** Label of a field, which is the name of its column. */
export function label(queryType: QueryTypeName, name: string): string {
  const field = findField(queryType, name);
  if (field === undefined) {
    throw new Error(`${queryType} has no field ${name}.`);
  }
  return field.label;
}

/** Long texts over several lines, with a button to see them whole. */
export function wrapped(): DynamicConfigValue[] {
  return [
    { id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } },
    { id: 'custom.inspect', value: true },
  ];
}

/** All series at the pointer, largest first. */
export function tooltip(): common.VizTooltipOptionsBuilder {
  return new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending);
}

/** Legend below the graph. */
export function listLegend(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true);
}

/** Legend beside the graph, for names that are long. */
export function tableLegend(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.Table)
    .placement(common.LegendPlacement.Right)
    .showLegend(true)
    .sortBy('Total')
    .sortDesc(true)
    .calcs(['sum']);
}

/** Green, and each color from its value on. The values must rise. */
export function limits(colors: Record<string, number>): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: GOOD }, ...Object.entries(colors).map(([color, value]) => ({ value, color }))]);
}

/** One value for each series. */
export function reduced(calculation: string): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().values(false).calcs([calculation]).fields('');
}

/** One value for each row, from the count column, for the largest groups. */
export function countedRows(limit: number): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().values(true).limit(limit).calcs(['lastNotNull']).fields('');
}

/** Series on top of each other. */
export function stacking(): common.StackingConfigBuilder {
  return new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A');
}

/** One large number, without a graph. */
export function number(title: string, description: string): StatPanel {
  return new StatPanel()
    .title(title)
    .description(description)
    .text(new common.VizTextDisplayOptionsBuilder().valueSize(40))
    .textMode(common.BigValueTextMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .span(6)
    .height(4);
}

/** Stacked bars of counts, wide enough to be seen at any range. */
export function countsOverTime(title: string, description: string): TimeSeriesPanel {
  return new TimeSeriesPanel()
    .title(title)
    .description(description)
    .maxDataPoints(150)
    .unit(COUNT_UNIT)
    .decimals(0)
    .min(0)
    .axisSoftMax(4)
    .drawStyle(common.GraphDrawStyle.Bars)
    .barAlignment(common.BarAlignment.After)
    .barWidthFactor(0.85)
    .fillOpacity(85)
    .lineWidth(0)
    .stacking(stacking())
    .tooltip(tooltip())
    .legend(listLegend());
}
