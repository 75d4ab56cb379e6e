/** The check itself sees what is not as described. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenApi } from './openapi';
import type { RecordedCall } from './recorder';
import { readSpec, skip } from './specs';

const CALL: RecordedCall = {
  method: 'GET',
  path: '/accounts/0123456789abcdef0123456789abcdef/access/logs/access_requests',
  query: 'limit=10&direction=desc&country_code=GB&country_codeOp=neq&since=2026-01-01T00%3A00%3A00Z',
  requestBody: '',
  status: 200,
  responseBody: JSON.stringify({ success: true, errors: [], messages: [], result: [{ allowed: true, ray_id: 'a' }] }),
};

const WRONG: Array<[string, Partial<RecordedCall>, RegExp]> = [
  ['a path', { path: '/accounts/0123456789abcdef0123456789abcdef/access/logs/other' }, /not described/],
  ['a parameter', { query: 'limits=10' }, /unknown query parameter limits/],
  ['an operator', { query: 'country_code=GB&country_codeOp=like' }, /country_codeOp=like/],
  ['a number', { query: 'limit=many' }, /limit=many/],
  ['a time', { query: 'since=yesterday' }, /since=yesterday/],
  ['a repeated parameter', { query: 'limit=1&limit=2' }, /limit is repeated/],
  ['a status', { status: 302 }, /status 302/],
  [
    'a field',
    { responseBody: CALL.responseBody.replace('true,"ray_id"', '"yes","ray_id"') },
    /allowed must be boolean/,
  ],
  ['an envelope', { responseBody: '{"result":[]}' }, /must have required property/],
];

test('a call as described has no problem', { skip }, () => {
  assert.deepEqual(new OpenApi(readSpec('access.openapi.json')).problems(CALL), []);
});

for (const [what, change, problem] of WRONG) {
  test(`${what} that is not described is found`, { skip }, () => {
    const problems = new OpenApi(readSpec('access.openapi.json')).problems({ ...CALL, ...change });
    assert.match(problems.join('\n'), problem);
  });
}
