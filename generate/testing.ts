import assert from 'node:assert/strict';
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

interface PlacedPanel {
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
}

/** Fails where panels of a dashboard overlap, or reach beyond the 24 columns of Grafana's grid. */
export function assertApart(panels: PlacedPanel[]): void {
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} overlaps another panel`);
        taken.add(`${x},${y}`);
      }
    }
  }
}
