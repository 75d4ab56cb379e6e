import {
  applyFieldOverrides,
  booleanOverrideProcessor,
  createFieldConfigRegistry,
  type DataFrame,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldColorModeId,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  type GrafanaTheme2,
  identityOverrideProcessor,
  numberOverrideProcessor,
  standardEditorsRegistry,
  standardFieldConfigEditorRegistry,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
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
  // Two names of that object are one transformation.
  const transformers = new Map(
    Object.values(standardTransformers).map((transformation) => [transformation.id, transformation])
  );
  standardTransformersRegistry.setInit(() =>
    [...transformers.values()].map(({ id, name, ...rest }) => ({
      id,
      name,
      transformation: async () => ({ id, name, ...rest }),
      editor: () => null,
      imageDark: '',
      imageLight: '',
    }))
  );
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

/** Explore's look: series as stacked bars would hide gaps, so lines with a hint of area. */
export const exploreFieldConfig: FieldConfigSource = {
  defaults: { unit: 'short', min: 0, custom: { fillOpacity: 8, lineWidth: 2 } },
  overrides: [],
};

/** Frames as the panel shows them: units, colours, links and overrides applied. */
export function applyFieldConfig(
  frames: DataFrame[],
  panelType: string,
  given: FieldConfigSource,
  theme: GrafanaTheme2
): DataFrame[] {
  const isGraph = panelType === 'timeseries';
  const color = { mode: isGraph ? FieldColorModeId.PaletteClassic : FieldColorModeId.Thresholds };
  const fieldConfig: FieldConfigSource = {
    overrides: given.overrides ?? [],
    defaults: {
      color,
      ...given.defaults,
      custom: {
        ...(isGraph ? graphDefaults : { align: 'auto', cellOptions: { type: 'auto' } }),
        ...given.defaults?.custom,
      },
    },
  };
  return applyFieldOverrides({
    data: frames,
    fieldConfig,
    theme,
    timeZone: 'browser',
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables: (text, scopedVars, format) => getTemplateSrv().replace(text, scopedVars, format),
  });
}
