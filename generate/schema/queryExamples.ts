import { catalogue } from '../../catalogue/index';
import { PRESETS } from '../../src/query/presets';
import { toJson, type JsonObject } from './json';

/** Queries to start from, in Grafana's words. */
export function queryExamples(): JsonObject {
  const examples = Object.values(catalogue).flatMap(({ queryType, examples }) =>
    examples.map(({ name, description, query }) => ({ name, description, queryType, saveModel: toJson(query) }))
  );
  const presets = PRESETS.map(({ name, description, query: { queryType = 'access_requests', ...query } }) => ({
    name,
    description,
    queryType,
    saveModel: toJson(query),
  }));
  return { examples: [...examples, ...presets] };
}
