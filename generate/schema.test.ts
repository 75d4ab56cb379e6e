import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { catalogue, QUERY_TYPES } from '../catalogue/index';
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
const user = { field: 'user_id', operator: '=', values: ['alex@example.com'] };
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
};

for (const [what, query] of Object.entries(WRONG)) {
  test(`the schema refuses ${what}`, () => {
    assert.notEqual(faults(query), '');
  });
}

test('the schema takes failed logins with a user among other filters', () => {
  assert.equal(faults({ queryType: 'failed_logins', filters: [outcome, user] }), '');
});
