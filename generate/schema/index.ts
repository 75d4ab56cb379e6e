import type { JsonObject } from './json';
import { queryExamples } from './queryExamples';
import { queryTypes } from './queryTypes';
import { routes } from './routes';
import { settingsExamples, settingsSchema } from './settings';

/** What Grafana's API server reads as dist/schema/v0alpha1.json. */
export function pluginSchema(): JsonObject {
  return {
    targetApiVersion: 'v0alpha1',
    settings: settingsSchema(),
    settingsExamples: settingsExamples(),
    routes: routes(),
    queryTypes: queryTypes(),
    queryExamples: queryExamples(),
  };
}
