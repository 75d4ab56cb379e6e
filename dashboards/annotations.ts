import {
  AnnotationQueryBuilder,
  type AnnotationEventFieldMapping,
  type AnnotationQuery,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { CONFIGURATION_CHANGED } from '../src/annotations/presets';
import { DATASOURCE, target } from './target';

/** Who changed what in Access, as marks on every graph: most spikes of blocked logins are a change of a policy. */
export function configurationChanged(): Builder<AnnotationQuery> {
  const { name, iconColor, query, mappings } = CONFIGURATION_CHANGED;
  const fields = Object.entries(mappings).map(([field, mapping]) => {
    const builder: Builder<AnnotationEventFieldMapping> = { build: () => ({ ...mapping }) };
    return [field, builder] as const;
  });
  const annotation = new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(iconColor)
    .target(target(query, 'Anno'))
    .mappings(Object.fromEntries(fields))
    .build();
  // The SDK hides the switch in a menu by default.
  return { build: () => ({ ...annotation, placement: undefined }) };
}
