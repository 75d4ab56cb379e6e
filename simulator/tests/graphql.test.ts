import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT_ID } from '../index';
import { parsePersonality } from '../personality';
import type { LoginTruth } from '../truth';
import { DAY, HOUR, iso, NOW, start, type Client, type GraphqlGroup } from './support';

const FROM = Date.UTC(2026, 2, 4, 9);
const TO = Date.UTC(2026, 2, 4, 15);
const WINDOW = `datetime_geq: "${iso(FROM)}", datetime_lt: "${iso(TO)}"`;

function query(node: string): string {
  return `{ viewer { accounts(filter: { accountTag: "${ACCOUNT_ID}" }) { ${node} } } }`;
}

function node(filter: string, selection = 'count', limit = '10', more = ''): string {
  return `accessLoginRequestsAdaptiveGroups(limit: ${limit}, filter: { ${filter} } ${more}) { ${selection} }`;
}

function total(groups: GraphqlGroup[]): number {
  return groups.reduce((sum, group) => sum + group.count, 0);
}

async function errorOf(
  client: Client,
  text: string,
  variables = {}
): Promise<{ status: number; message: string; code: unknown }> {
  const { status, body } = await client.graphql(text, variables);
  assert.equal(body.data, null);
  assert.ok(body.errors && body.errors.length > 0);
  assert.ok(body.errors[0].extensions.timestamp);
  return { status, message: body.errors[0].message, code: body.errors[0].extensions.code };
}

test('GraphQL', async (t) => {
  const client = await start({ graphql: { limit: 0 } });
  const truth = client.simulator.truth({ surface: 'login_groups', from: FROM, to: TO - 1 });
  const count = async (filter: string) => total(await client.groups(`${WINDOW}, ${filter}`, 'count'));

  await t.test("the example of Cloudflare's tutorial works, string variables and trailing slash included", async () => {
    const { cfRayId } = truth[77];
    const text = `query accessLoginRequestsAdaptiveGroups($accountTag: string, $rayId: string, $datetimeStart: string, $datetimeEnd: string) {
      viewer { accounts(filter: { accountTag: $accountTag }) {
        accessLoginRequestsAdaptiveGroups(limit: 100, filter: { datetime_geq: $datetimeStart, datetime_leq: $datetimeEnd, cfRayId: $rayId }, orderBy: [datetime_ASC]) {
          dimensions { datetime isSuccessfulLogin cfRayId ipAddress userUuid }
        }
      } }
    }`;
    const variables = { accountTag: ACCOUNT_ID, rayId: cfRayId, datetimeStart: iso(FROM), datetimeEnd: iso(TO) };
    const response = await client.raw('/graphql/', {
      method: 'POST',
      body: JSON.stringify({ query: text, variables }),
    });
    const body = (await response.json()) as {
      data: { viewer: { accounts: Array<Record<string, GraphqlGroup[]>> } };
      errors: null;
    };
    assert.equal(body.errors, null);
    const { dimensions } = body.data.viewer.accounts[0].accessLoginRequestsAdaptiveGroups[0];
    const { datetime, isSuccessfulLogin, ipAddress, userUuid } = truth[77];
    assert.deepEqual(dimensions, { datetime, isSuccessfulLogin, cfRayId, ipAddress, userUuid });
  });

  await t.test('service tokens have versions, whose filter takes numbers and lists of them', async () => {
    const versions = new Set(truth.map((login) => login.serviceTokenVersion));
    assert.deepEqual([...versions].sort(), [0, 1, 2, 3]);
    assert.ok(truth.every((login) => (login.serviceTokenVersion === 0) === (login.serviceTokenId === '')));
    const old = truth.filter(({ serviceTokenVersion: version }) => version === 1 || version === 2).length;
    assert.equal(await count('serviceTokenVersion_in: [1, 2]'), old);
    assert.equal(await count('serviceTokenVersion_gt: 0, serviceTokenVersion_leq: 2'), old);
    const { body } = await client.graphql(
      `{ viewer { accounts(filter: { accountTag: "${ACCOUNT_ID}" }) {
        accessLoginRequestsAdaptiveGroups(limit: 1, filter: { serviceTokenVersion: "1" }) { count }
      } } }`
    );
    assert.ok(body.errors?.length);
  });

  await t.test('identity logins and others are there, and counts of any grouping are the truth', async () => {
    assert.equal(total(await client.groups(WINDOW, 'count')), truth.length);
    for (const name of [
      'country',
      'identityProvider',
      'isSuccessfulLogin',
      'datetimeMinute',
      'date',
      'mtlsStatus',
      'appId',
    ]) {
      const groups = await client.groups(WINDOW, `count dimensions { ${name} }`);
      const expected = new Map<string | number, number>();
      truth.forEach((login) => expected.set(login[name], (expected.get(login[name]) ?? 0) + 1));
      assert.deepEqual(new Map(groups.map((group) => [group.dimensions[name], group.count])), expected, name);
      assert.ok(groups.length > 1 || name === 'date', name);
    }
  });

  await t.test('every operator is what it says', async () => {
    const some = truth[10].country;
    const cases: Array<[string, (login: LoginTruth) => boolean]> = [
      [`country: "${some}"`, (l) => l.country === some],
      [`country_neq: "${some}"`, (l) => l.country !== some],
      [`country_in: ["GB", "US"]`, (l) => ['GB', 'US'].includes(String(l.country))],
      [`country_notin: ["GB", "US"]`, (l) => !['GB', 'US'].includes(String(l.country))],
      [`country_gt: "GB"`, (l) => l.country > 'GB'],
      [`country_geq: "GB"`, (l) => l.country >= 'GB'],
      [`country_lt: "GB"`, (l) => l.country < 'GB'],
      [`country_leq: "GB"`, (l) => l.country <= 'GB'],
      [`ipAddress_like: "192.0.2.%"`, (l) => String(l.ipAddress).startsWith('192.0.2.')],
      [`ipAddress_notlike: "192.0.2.%"`, (l) => !String(l.ipAddress).startsWith('192.0.2.')],
      [`isSuccessfulLogin: 0`, (l) => l.isSuccessfulLogin === 0],
      [`isSuccessfulLogin_neq: 0`, (l) => l.isSuccessfulLogin === 1],
      [`hasWarpEnabled_gt: 0`, (l) => l.hasWarpEnabled === 1],
      [`hasWarpEnabled_in: "AQ=="`, (l) => l.hasWarpEnabled === 1],
      [`hasWarpEnabled_notin: "AQ=="`, (l) => l.hasWarpEnabled === 0],
      [`OR: [{ country: "GB" }, { isSuccessfulLogin: 0 }]`, (l) => l.country === 'GB' || l.isSuccessfulLogin === 0],
      [
        `AND: [{ OR: [{ country: "GB" }, { country: "DE" }] }, { isSuccessfulLogin: 1 }]`,
        (l) => ['GB', 'DE'].includes(String(l.country)) && l.isSuccessfulLogin === 1,
      ],
      [`datetimeMinute_geq: "2026-03-04T10:00:30Z"`, (l) => l.datetimeMinute > '2026-03-04T10:00:00Z'],
      [`datetime_leq: "2026-03-04T10:00:30.9Z"`, (l) => l.datetime <= '2026-03-04T10:00:30Z'],
      [`datetime_gt: "2026-03-04T10:00:30Z"`, (l) => l.datetime > '2026-03-04T10:00:30Z'],
      [`date: "2026-03-04"`, () => true],
      [`date_neq: "2026-03-04"`, () => false],
    ];
    for (const [filter, wanted] of cases) {
      assert.equal(await count(filter), truth.filter(wanted).length, filter);
    }
  });

  await t.test('order and limit', async () => {
    const groups = await client.groups(
      WINDOW,
      'count avg { sampleInterval } dimensions { country }',
      ', orderBy: [count_DESC]'
    );
    assert.deepEqual(
      groups.map((group) => group.count),
      groups.map((group) => group.count).sort((a, b) => b - a)
    );
    assert.ok(groups.every((group) => group.avg.sampleInterval === 1));
    const { body } = await client.graphql(
      query(node(WINDOW, 'count dimensions { country }', '2', ', orderBy: [country_ASC]'))
    );
    const two = body.data?.viewer.accounts[0].accessLoginRequestsAdaptiveGroups ?? [];
    assert.deepEqual(
      two.map((group) => group.dimensions.country),
      groups
        .map((group) => group.dimensions.country)
        .sort()
        .slice(0, 2)
    );
  });

  await t.test('aliases are nodes of one request', async () => {
    const parts = [9, 11, 13].map((hour, i) => {
      const filter = `datetime_geq: "2026-03-04T${String(hour).padStart(2, '0')}:00:00Z", datetime_lt: "2026-03-04T${hour + 2}:00:00Z"`;
      return `p${i}: ${node(filter)}`;
    });
    const { body } = await client.graphql(query(parts.join('\n')));
    const answer = body.data?.viewer.accounts[0] ?? {};
    assert.equal(
      ['p0', 'p1', 'p2'].reduce((sum, name) => sum + total(answer[name]), 0),
      truth.length
    );
  });

  await t.test('the settings node tells the limits', async () => {
    const { body } = await client.graphql(
      query(
        'settings { accessLoginRequestsAdaptiveGroups { enabled availableFields maxDuration maxNumberOfFields maxPageSize notOlderThan } }'
      )
    );
    const settings = body.data?.viewer.accounts[0].settings?.accessLoginRequestsAdaptiveGroups ?? {};
    assert.equal(settings.maxDuration, 604_800);
    assert.equal(settings.notOlderThan, 7_776_000);
    assert.equal(settings.maxPageSize, 10_000);
    assert.ok((settings.availableFields as string[]).includes('dimensions_appId'));
    assert.ok(!(settings.availableFields as string[]).includes('dimensions_datetimeHour'));
  });

  await t.test('limits are enforced, with HTTP 200', async () => {
    const day = (ago: number) => iso(NOW - ago * DAY);
    const cases: Array<[string, RegExp]> = [
      [node(`datetime_geq: "${day(8)}", datetime_lt: "${day(0)}"`), /^query time range is too large$/],
      [
        node(`datetime_geq: "${iso(Date.UTC(2026, 1, 20))}", datetime_leq: "${iso(Date.UTC(2026, 1, 27) + 1000)}"`),
        /^query time range is too large$/,
      ],
      [node(`datetime_geq: "${day(100)}", datetime_lt: "${day(99)}"`), /^cannot request data older than 7776000s$/],
      [node('isSuccessfulLogin: 1'), /^cannot request data older than/],
      [node(WINDOW, 'count', '0'), /^limit must be positive number and not greater than 10000$/],
      [node(WINDOW, 'count', '10001'), /^limit must be positive number and not greater than 10000$/],
      [node(WINDOW, 'count dimensions { datetimeHour }'), /^unknown field "datetimeHour"$/],
      [node(`${WINDOW}, userEmail: "a"`), /^error parsing args/],
      [node(`${WINDOW}, isSuccessfulLogin_in: [1]`), /^error parsing args/],
      [node(`datetime_geq: "yesterday"`), /^error parsing args/],
      [node(WINDOW, 'count', '10', ', orderBy: [country_ASC]'), /^cannot order by country_ASC/],
    ];
    for (const [text, message] of cases) {
      const error = await errorOf(client, query(text));
      assert.equal(error.status, 200);
      assert.match(error.message, message, text);
    }
    const exact = await client.graphql(
      query(node(`datetime_geq: "${iso(Date.UTC(2026, 1, 20))}", datetime_leq: "${iso(Date.UTC(2026, 1, 27))}"`))
    );
    assert.equal(exact.body.errors, null);
    const many = Array.from({ length: 31 }, (_, i) => `a${i}: ${node(WINDOW)}`).join('\n');
    assert.match((await errorOf(client, query(many))).message, /^too many nodes, zones and accounts/);
    assert.match((await errorOf(client, '{ viewer {')).message, /^error parsing args/);
    assert.match(
      (await errorOf(client, query(node(WINDOW)).replace(ACCOUNT_ID, '0'.repeat(32)))).message,
      /^not authorized for that account$/
    );
  });

  await t.test('settings of the account change it', async () => {
    const { simulation } = client.simulator;
    const before = simulation.personality;
    const set = (values: Record<string, unknown>) =>
      (simulation.personality = { ...before, ...parsePersonality(values) });
    set({ graphqlUnavailable: ['deviceId'] });
    const denied = await errorOf(client, query(node(WINDOW, 'count dimensions { deviceId }')));
    assert.match(denied.message, /does not have access to the field 'deviceid'$/);
    set({ graphqlEnabled: false });
    assert.match((await errorOf(client, query(node(WINDOW)))).message, /^does not have access to the path$/);
    set({ graphqlMaxFields: 2 });
    assert.match(
      (await errorOf(client, query(node(WINDOW, 'count dimensions { country date }')))).message,
      /^number of fields can't be more than 2$/
    );
    set({ graphqlErrorStatus: 'documented' });
    assert.equal((await errorOf(client, query(node(WINDOW, 'count', '0')))).status, 400);
    set({ identityInGraphql: false });
    const groups = await client.groups(WINDOW, 'count dimensions { identityProvider }');
    assert.deepEqual(
      groups.map((group) => group.dimensions.identityProvider),
      ['nonidentity']
    );
    set({ graphqlSampleInterval: 5 });
    const [sampled] = await client.groups(WINDOW, 'count avg { sampleInterval }');
    assert.equal(sampled.avg.sampleInterval, 5);
    assert.ok(
      sampled.count % 5 === 0 && Math.abs(sampled.count - truth.length) < truth.length * 0.3,
      `${sampled.count}`
    );
    simulation.personality = before;
  });

  await t.test('non-identity logins are in GraphQL only, identity logins in both', async () => {
    const rest = client.simulator.truth({ surface: 'access_requests', from: FROM, to: TO - 1 });
    const people = await count('identityProvider_neq: "nonidentity"');
    assert.equal(people, rest.length);
    assert.equal(truth.length - people, await count('identityProvider: "nonidentity"'));
    assert.ok((await count('mtlsStatus_like: "FAILED%"')) > 0);
    assert.ok((await count('serviceTokenId_neq: ""')) > 100);
    assert.ok((await client.groups(`datetime_geq: "${iso(NOW - HOUR)}"`, 'count')).length > 0);
  });
});
