import { catalogue } from '../../catalogue/index';
import { toJson, type JsonObject } from './json';

/** Queries to start from, in Grafana's words. */
export function queryExamples(): JsonObject {
  const examples = Object.values(catalogue).flatMap(({ queryType, examples }) =>
    examples.map(({ name, description, query }) => ({ name, description, queryType, saveModel: toJson(query) }))
  );
  return { examples };
}
