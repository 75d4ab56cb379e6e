import Ajv from 'ajv';
import { catalogue, isQueryType } from '../catalogue/index';
import { querySchema } from './schema/queryTypes';

const ajv = new Ajv({ strict: false, allErrors: false });
const validators = new Map(
  Object.values(catalogue).map((type) => {
    // ajv does not know draft 4 by name; nothing in the schema means something else in a later draft.
    const { $schema: _draft, ...schema } = querySchema(type);
    return [type.queryType, ajv.compile(schema)];
  })
);

/** What Grafana adds to every query. */
const SHARED = ['refId', 'datasource', 'queryType', 'hide', 'intervalMs', 'maxDataPoints'];

/** What the generated schema says against a query; empty where it agrees. */
export function faults(query: object): string {
  const queryType = 'queryType' in query ? query.queryType : undefined;
  const validate = isQueryType(queryType) ? validators.get(queryType) : undefined;
  if (validate === undefined) {
    return `unknown query type ${String(queryType)}`;
  }
  const own = Object.fromEntries(Object.entries(query).filter(([key]) => !SHARED.includes(key)));
  return validate(own) ? '' : ajv.errorsText(validate.errors);
}
