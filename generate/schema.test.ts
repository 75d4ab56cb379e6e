import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { catalogue, QUERY_TYPES } from '../catalogue/index';
import { PRESETS } from '../src/query/presets';
import { ROOT, staleOutputs } from './files';
import { faults } from './testing';

function readJson(path: string): object {
  return JSON.parse(readFileSync(resolve(ROOT, path), 'utf8'));
}

test('every generated file is fresh', async () => {
  const stale: string[] = [];
  for await (const { path } of staleOutputs()) {
    stale.push(path);
  }
  assert.deepEqual(stale, []);
});

for (const name of QUERY_TYPES) {
  test(`catalogue/${name}.json follows its schema`, () => {
    const ajv = addFormats(new Ajv({ allowUnionTypes: true }));
    const validate = ajv.compile(readJson('catalogue/schema.json'));
    assert.ok(validate(readJson(`catalogue/${name}.json`)), ajv.errorsText(validate.errors));
  });

  for (const example of catalogue[name].examples) {
    test(`the example "${example.name}" follows the schema`, () => {
      assert.equal(faults({ queryType: name, ...example.query }), '');
    });
  }
}

const outcome = { field: 'outcome', operator: '=', values: ['blocked'] };
const firstSeen = { by: ['user_email'], history: '14d' };
const sequence = { by: ['user_email'], steps: [{ filters: [outcome], atLeast: 10 }, {}], within: '20m' };
const user = { field: 'user_id', operator: '=', values: ['alex@example.com'] };
const counts = (more: object) => ({ queryType: 'access_requests', format: 'table', groupBy: ['country'], ...more });
const WRONG: Record<string, object> = {
  'an unknown field': { queryType: 'access_requests', filters: [{ ...outcome, field: 'nobody' }] },
  'a field of another query type': { queryType: 'access_requests', filters: [{ ...outcome, field: 'resource_type' }] },
  'an operator that the field does not have': {
    queryType: 'access_requests',
    filters: [{ ...outcome, operator: '<' }],
  },
  'a filter without values': { queryType: 'access_requests', filters: [{ ...outcome, values: [] }] },
  'a value that is not a text': { queryType: 'access_requests', filters: [{ ...outcome, values: [1] }] },
  'grouping by a field that cannot be': { queryType: 'access_requests', groupBy: ['created_at'] },
  'a column that is for filters only': { queryType: 'access_requests', fields: ['idp'] },
  'an unknown format': { queryType: 'access_requests', format: 'graph' },
  'an unknown property': { queryType: 'access_requests', expr: 'up' },
  'limit 0': { queryType: 'access_requests', limit: 0 },
  'failed logins of nobody': { queryType: 'failed_logins' },
  'failed logins filtered by something else': { queryType: 'failed_logins', filters: [outcome] },
  'different values of a field that has too many': counts({ measure: { type: 'distinct', field: 'created_at' } }),
  'a measure of no field': counts({ measure: { type: 'distinct' } }),
  'a condition on groups without groups': { queryType: 'access_requests', having: { operator: '>', value: 1 } },
  'a condition on groups over time': {
    ...counts({ having: { operator: '>', value: 1 } }),
    format: 'time_series',
  },
  'first seen by nothing': counts({ firstSeen: { ...firstSeen, by: [] } }),
  'a history without a unit': counts({ firstSeen: { ...firstSeen, history: '14' } }),
  'a sequence of one step': counts({ sequence: { ...sequence, steps: [{}] } }),
  'a sequence of a field that is not there': counts({ sequence: { ...sequence, by: ['nobody'] } }),
  'first seen beside a sequence': counts({ firstSeen, sequence }),
  'a comparison of a table': counts({ compare: { shift: '7d' } }),
  'a comparison of what is first seen': { ...counts({ firstSeen, compare: { shift: '7d' } }), format: 'time_series' },
  'a comparison with 13 weeks': { ...counts({ compare: { shift: '7d', times: 13 } }), format: 'time_series' },
  'a measure of an explanation': {
    queryType: 'explain',
    filters: [{ field: 'ray_id', operator: '=', values: ['8d3f0a1b2c4d5e6f'] }],
    measure: { type: 'count' },
  },
};

for (const preset of PRESETS) {
  test(`the question "${preset.name}" follows the schema`, () => assert.equal(faults(preset.query), ''));
}

for (const [what, query] of Object.entries(WRONG)) {
  test(`the schema refuses ${what}`, () => {
    assert.notEqual(faults(query), '');
  });
}

test('the schema takes failed logins with a user among other filters', () => {
  assert.equal(faults({ queryType: 'failed_logins', filters: [outcome, user] }), '');
});
