import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Ajv, { type AnySchema, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { isEnumType, isInputObjectType, isObjectType, type GraphQLNamedType } from 'graphql';
import { SCHEMA } from '../graphql/schema';
import { ENDPOINTS } from '../http/router';
import { accessSchema } from './accessSchema';
import { bearer, DAY, iso, NOW, start } from './support';

/**
 * Compares with Cloudflare's own descriptions where they lie beside the repository. They are not part of it, so
 * the tests are skipped, and say so, where they are absent.
 */
const SHARED = join(__dirname, '..', '..', '..', 'shared', 'cloudflare');
const OPENAPI = join(SHARED, 'access.openapi.json');
const GRAPHQL = join(SHARED, 'access.graphql');

function skip(file: string): string | false {
  return existsSync(file) ? false : `${file} is not there`;
}

/** Paths that the descriptions lack, and one whose answers have the same envelope. */
const UNDESCRIBED: Readonly<Record<string, string>> = {
  '/accounts/{account_id}/access/groups/{group_id}': '/accounts/{account_id}/access/policies/{policy_id}',
  '/accounts/{account_id}/gateway/lists': '/accounts/{account_id}/access/certificates',
  '/accounts/{account_id}/gateway/lists/{list_id}': '/accounts/{account_id}/access/policies/{policy_id}',
  '/accounts/{account_id}/gateway/lists/{list_id}/items': '/accounts/{account_id}/access/certificates',
  '/accounts/{account_id}/devices/posture': '/accounts/{account_id}/access/certificates',
};

interface Spec {
  paths: Record<
    string,
    { get: { responses: Record<string, { content: { 'application/json': { schema: unknown } } }> } }
  >;
  components: unknown;
}

/**
 * OpenAPI 3.0 as JSON Schema, without what the notes on the API say is wrong: e-mail and UUID formats and
 * patterns that its own examples break, the smallest error code (971 is real), and `null` results.
 */
function tolerant(schema: unknown, key = ''): unknown {
  if (Array.isArray(schema)) {
    return schema.map((item) => tolerant(item));
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  const out: Record<string, unknown> = {};
  const isMap = key === 'properties' || key === 'schemas';
  for (const [name, value] of Object.entries(schema)) {
    const dropped = ['example', 'format', 'pattern', 'discriminator', 'xml', 'nullable', 'x-auditable'].includes(name);
    if (isMap || !(dropped && !(name === 'format' && value === 'date-time'))) {
      out[name] = tolerant(value, name);
    }
  }
  if (!isMap && 'nullable' in schema) {
    return { anyOf: [out, { type: 'null' }] };
  }
  if (!isMap && out.minimum === 1000) {
    delete out.minimum;
  }
  return out;
}

function validators(): (path: string, status: number) => ValidateFunction {
  const spec = JSON.parse(readFileSync(OPENAPI, 'utf8')) as Spec;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema({ $id: 'spec', components: tolerant(spec.components, '') } as AnySchema);
  return (path, status) => {
    const responses = spec.paths[path]?.get.responses;
    const response = responses?.[String(status)] ?? responses?.['4XX'];
    assert.ok(response, `the description has no answer ${status} of ${path}`);
    const text = JSON.stringify(tolerant(response.content['application/json'].schema)).replaceAll(
      '#/components',
      'spec#/components'
    );
    return ajv.compile(JSON.parse(text) as AnySchema);
  };
}

test('every REST answer fits the description', { skip: skip(OPENAPI) }, async (t) => {
  const client = await start();
  const validatorOf = validators();
  const { organisation } = client.simulator.simulation.world;
  const { applications, groups, lists } = organisation.history.at(NOW * 1000).configuration;
  const policies = applications.flatMap((app) => app.policies);
  const idps = organisation.providers.map(({ id }) => `idp_id=${id}`).join('&');
  const week = `since=${iso(NOW - 7 * DAY)}&per_page=1000`;
  const values: Record<string, string> = {
    account_id: client.simulator.simulation.accountId,
    app_id: organisation.applications[2].uid,
    user_id: organisation.people[3].id,
    policy_id: policies.find(({ reusable }) => reusable)?.id ?? '',
    group_id: groups[0].id,
    list_id: lists[0].id,
    knock_request_id: client.simulator.truth({ surface: 'jit_requests', from: NOW - DAY, to: NOW })[0].knock_request_id,
  };
  const queries: Record<string, string> = { access_requests: `?${week}`, scim_updates: `?${week}&${idps}` };
  for (const { method, path, surface } of ENDPOINTS) {
    // The excerpt has no audit log; its rows have the type of Cloudflare's own package.
    if (method !== 'GET' || surface === 'access_changes') {
      continue;
    }
    const owner = path === '/accounts/{account_id}/tokens/verify' ? 'account-owned' : 'full-access';
    const url = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]) + (queries[surface] ?? '');
    for (const [name, status] of [
      [owner, 200],
      ['disabled', surface === 'verify' ? 200 : 401],
    ] as const) {
      await t.test(`${path} ${status} (${name})`, async () => {
        const answer = await client.as(bearer(name)).get(url);
        if (surface === 'verify' && name === 'disabled' && answer.status === 401) {
          return; // A user's token at the account.
        }
        assert.equal(answer.status, status);
        const validate = validatorOf(UNDESCRIBED[path] ?? path, status);
        assert.ok(validate(answer.body), JSON.stringify(validate.errors?.slice(0, 3), null, 1));
        if (status === 200 && Array.isArray(answer.body.result)) {
          assert.ok(answer.body.result.length > 0);
        }
      });
    }
  }
});

test('the description can refuse', { skip: skip(OPENAPI) }, () => {
  const validate = validators()('/accounts/{account_id}/access/logs/access_requests', 200);
  assert.equal(validate({ success: true, errors: [], messages: [], result: [{ allowed: 'yes' }] }), false);
  assert.equal(validate({ success: true, errors: [], messages: [], result: [{ created_at: 'noon' }] }), false);
  assert.equal(validate({ success: true, result: [] }), false);
});

function members(type: GraphQLNamedType): Record<string, string> {
  if (isObjectType(type) || isInputObjectType(type)) {
    return Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, String(field.type)]));
  }
  return isEnumType(type) ? Object.fromEntries(type.getValues().map(({ name }) => [name, 'value'])) : {};
}

test("the GraphQL types are Cloudflare's", { skip: skip(GRAPHQL) }, () => {
  const scalars = ['string', 'uint64', 'uint8', 'float64', 'bytes', 'Date', 'Time'].map((name) => `scalar ${name}`);
  const theirs = accessSchema(`${scalars.join('\n')}\ntype Query { x: string }\n`, readFileSync(GRAPHQL, 'utf8'));
  const compared = Object.values(theirs.getTypeMap()).filter((type) => type.name.startsWith('AccountAccessLogin'));
  assert.equal(compared.length, 5);
  for (const type of compared) {
    const ours = SCHEMA.getType(type.name);
    assert.ok(ours, type.name);
    assert.deepEqual(members(ours), members(type), type.name);
  }
});
