import {
  applyFieldOverrides,
  booleanOverrideProcessor,
  cacheFieldDisplayNames,
  createFieldConfigRegistry,
  type DataFrame,
  type DataLinkPostProcessor,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldColorModeId,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  type GrafanaTheme2,
  identityOverrideProcessor,
  mapInternalLinkToExplore,
  numberOverrideProcessor,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  stringOverrideProcessor,
  type ThresholdsConfig,
  ThresholdsMode,
  thresholdsOverrideProcessor,
  type TimeRange,
  type TimeZone,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import {
  GraphDrawStyle,
  type GraphFieldConfig,
  LineInterpolation,
  StackingMode,
  VisibilityMode,
} from '@grafana/schema';

type Processor = FieldConfigPropertyItem['process'];

function option(id: string, process: Processor, isCustom = false): FieldConfigPropertyItem {
  const none = () => null;
  return { id, path: id, name: id, process, isCustom, override: none, editor: none, shouldApply: () => true };
}
import { registerTransformations } from './transformations';

/** Grafana keeps these registries in its application; without them field options and transformations do nothing. */
export function registerStandards() {
  standardEditorsRegistry.setInit(() => []);
  standardFieldConfigEditorRegistry.setInit(() => [
    option('displayName', displayNameOverrideProcessor),
    option('unit', stringOverrideProcessor),
    option('min', numberOverrideProcessor),
    option('max', numberOverrideProcessor),
    option('decimals', numberOverrideProcessor),
    option('noValue', stringOverrideProcessor),
    option('color', identityOverrideProcessor),
    option('links', dataLinksOverrideProcessor),
    option('mappings', valueMappingsOverrideProcessor),
    option('thresholds', thresholdsOverrideProcessor),
    option('filterable', booleanOverrideProcessor),
    option('fieldMinMax', booleanOverrideProcessor),
  ]);
  registerTransformations();
}

/** A registry with every custom option that the panel names: which ones exist is known to Grafana's panels only. */
function registryFor(fieldConfig: FieldConfigSource) {
  const named = fieldConfig.overrides.flatMap((rule) => rule.properties.map((property) => property.id));
  const custom = [
    ...Object.keys(fieldConfig.defaults.custom ?? {}),
    ...named.filter((id) => id.startsWith('custom.')).map((id) => id.slice(7)),
  ];
  const registry = createFieldConfigRegistry({}, 'preview');
  for (const path of new Set(custom)) {
    registry.register({ ...option(path, identityOverrideProcessor, true), id: `custom.${path}` });
  }
  return registry;
}

const graphDefaults: GraphFieldConfig = {
  drawStyle: GraphDrawStyle.Line,
  lineInterpolation: LineInterpolation.Linear,
  lineWidth: 1,
  fillOpacity: 0,
  barWidthFactor: 0.6,
  pointSize: 5,
  showPoints: VisibilityMode.Auto,
  stacking: { mode: StackingMode.None, group: 'A' },
  axisGridShow: true,
};

const defaultThresholds: ThresholdsConfig = {
  mode: ThresholdsMode.Absolute,
  steps: [
    { value: -Infinity, color: 'green' },
    { value: 80, color: 'red' },
  ],
};

/** How Explore draws series. */
export const exploreFieldConfig: FieldConfigSource = {
  defaults: { unit: 'short', min: 0, custom: { fillOpacity: 8, lineWidth: 2 } },
  overrides: [],
};

/** Explore opens internal links with its own time range, dashboards with the link's. */
function toExplore(options: Parameters<DataLinkPostProcessor>[0], range: TimeRange) {
  const { link, linkModel, dataLinkScopedVars: scopedVars, field, replaceVariables } = options;
  return link.internal
    ? mapInternalLinkToExplore({ link, internalLink: link.internal, scopedVars, range, field, replaceVariables })
    : linkModel;
}

/** Frames as the panel shows them, with units, colors, links, and overrides applied. */
export function applyFieldConfig(
  frames: DataFrame[],
  panelType: string,
  given: FieldConfigSource,
  theme: GrafanaTheme2,
  timeZone: TimeZone,
  linkRange?: TimeRange
): DataFrame[] {
  const isGraph = panelType === 'timeseries';
  const color = { mode: isGraph ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds };
  const fieldConfig: FieldConfigSource = {
    overrides: given.overrides ?? [],
    defaults: {
      color,
      thresholds: defaultThresholds,
      ...given.defaults,
      custom: {
        ...(isGraph ? graphDefaults : { align: 'auto', cellOptions: { type: 'auto' } }),
        ...given.defaults?.custom,
      },
    },
  };
  const applied = applyFieldOverrides({
    data: frames,
    fieldConfig,
    theme,
    timeZone,
    fieldConfigRegistry: registryFor(fieldConfig),
    dataLinkPostProcessor: linkRange && ((options) => toExplore(options, linkRange)),
    replaceVariables: (text, scopedVars, format) => getTemplateSrv().replace(text, scopedVars, format),
  });
  cacheFieldDisplayNames(applied);
  return applied;
}
