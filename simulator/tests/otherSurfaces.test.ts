import assert from 'node:assert/strict';
import { test } from 'node:test';
import Cloudflare from 'cloudflare';
import { ACCOUNT_ID, credentialNamed, PERSONALITIES } from '../index';
import { DAY, iso, NOW, start, type Client } from './support';

type Row = Record<string, unknown>;

async function rows(client: Client, path: string): Promise<Row[]> {
  const { status, body } = await client.account(path);
  assert.equal(status, 200, JSON.stringify(body.errors));
  return body.result ?? [];
}

test('the other endpoints', async (t) => {
  const client = await start({ rest: { limit: 0 } });
  const { organisation } = client.simulator.simulation.world;
  const scim = organisation.providers.filter((provider) => provider.scim);
  const week = `since=${iso(NOW - 7 * DAY)}&until=${iso(NOW)}&per_page=1000&direction=asc`;
  const truth = client.simulator
    .truth({ surface: 'scim_updates', from: NOW - 7 * DAY, to: NOW })
    .map((row) => JSON.parse(JSON.stringify(row)) as Row);

  await t.test('SCIM updates want idp_id, several of them as repeated parameters', async () => {
    const refused = await client.account(`/access/logs/scim/updates?${week}`);
    assert.equal(refused.status, 400);
    const [first, second] = scim.map(({ id }) => id);
    assert.deepEqual(await rows(client, `/access/logs/scim/updates?${week}&idp_id=${first}&idp_id=${second}`), truth);
    assert.deepEqual(
      await rows(client, `/access/logs/scim/updates?${week}&idp_id=${second}`),
      truth.filter((row) => row.idp_id === second)
    );
  });

  await t.test(
    'where idp_id is not enforced, all are given without it, also if the list of providers is empty',
    async () => {
      const { simulation } = client.simulator;
      const before = simulation.personality;
      simulation.personality = { ...before, ...PERSONALITIES.scoped };
      assert.deepEqual(await rows(client, '/access/identity_providers'), []);
      assert.deepEqual(await rows(client, `/access/logs/scim/updates?${week}`), truth);
      simulation.personality = before;
    }
  );

  await t.test('SCIM filters, repeated as well', async () => {
    const base = `/access/logs/scim/updates?${week}&${scim.map(({ id }) => `idp_id=${id}`).join('&')}`;
    const user = truth.find((row) => row.resource_user_email);
    const group = truth.find((row) => row.resource_type === 'GROUP');
    assert.ok(user && group);
    const cases: Array<[string, (row: Row) => boolean]> = [
      ['status=FAILURE', (row) => row.status === 'FAILURE'],
      ['resource_type=GROUP', (row) => row.resource_type === 'GROUP'],
      [
        'request_method=PUT&request_method=POST',
        (row) => ['PUT', 'POST'].includes(String(row.request_method ?? row.http_method)),
      ],
      [
        `resource_user_email=${String(user.resource_user_email)}`,
        (row) => row.resource_user_email === user.resource_user_email,
      ],
      [
        `resource_group_name=${String(group.resource_group_name)}`,
        (row) => row.resource_group_name === group.resource_group_name,
      ],
      [`cf_resource_id=${String(user.cf_resource_id)}`, (row) => row.cf_resource_id === user.cf_resource_id],
      [`idp_resource_id=${String(group.idp_resource_id)}`, (row) => row.idp_resource_id === group.idp_resource_id],
    ];
    for (const [query, wanted] of cases) {
      assert.deepEqual(await rows(client, `${base}&${query}`), truth.filter(wanted), query);
    }
    assert.equal((await client.account(`/access/logs/scim/updates?${week}&idp_id=a&status=ERROR`)).status, 400);
  });

  await t.test('failed logins are the blocked logins of one user, all at once', async () => {
    const blocked = client.simulator
      .truth({ surface: 'access_requests', from: NOW - 7 * DAY + 1000, to: NOW })
      .filter((row) => !row.allowed && row.user_id);
    const userId = blocked[0].user_id ?? '';
    const mine = blocked
      .filter((row) => row.user_id === userId)
      .map((row) => row.created_at)
      .reverse();
    const given = await rows(client, `/access/users/${userId}/failed_logins`);
    const times = given.map((row) => (row.metadata as Row).datetime);
    assert.ok(mine.length > 3);
    assert.deepEqual(times, mine);
    assert.deepEqual(
      client.simulator.truth({ surface: 'failed_logins', from: NOW - 7 * DAY, to: NOW, userId }).reverse(),
      given
    );
  });

  await t.test('active sessions follow from the logins of one user, in epoch seconds', async () => {
    const day = client.simulator.truth({ surface: 'access_requests', from: NOW - DAY, to: NOW });
    const userId = day.find((row) => row.allowed && row.action === 'login' && row.user_id)?.user_id ?? '';
    const allowed = day.filter((row) => row.allowed && row.user_id === userId);
    const sessions = client.simulator.truth({ surface: 'active_sessions', from: NOW - DAY, to: NOW, userId });
    assert.ok(sessions.length > 0);
    assert.deepEqual(await rows(client, `/access/users/${userId}/active_sessions`), [...sessions].reverse());
    for (const { name, expiration, metadata } of sessions) {
      const { apps = {}, expires, iat = 0, nonce, ttl } = metadata ?? {};
      assert.ok(name && nonce);
      assert.ok(expires && expires * 1000 > NOW && expires === expiration && iat + (ttl ?? 0) === expires);
      assert.ok(allowed.some(({ created_at }) => Math.floor(Date.parse(String(created_at)) / 1000) === iat));
      const entries = Object.entries(apps);
      assert.ok(entries.length > 0);
      for (const [key, app] of entries) {
        assert.equal(key, app.uid);
        assert.ok(allowed.some(({ app_uid, app_name }) => app_uid === app.uid && app_name === app.name));
      }
    }
    const began = (sessions[0].metadata?.iat ?? 0) * 1000;
    const window = { surface: 'active_sessions', from: began, userId } as const;
    assert.equal(client.simulator.truth({ ...window, to: began }).length, 1);
    client.simulator.simulation.clock.advance(DAY);
    assert.deepEqual(client.simulator.truth({ ...window, to: began + DAY / 2 }), []);
    client.simulator.simulation.clock.advance(-DAY);
  });

  await t.test('a user must be a UUID that exists', async () => {
    const cases: Array<[string, number]> = [
      ['someone@example.com', 404],
      ['..%2f..%2fapps', 404],
      ['00000000-0000-4000-8000-000000000000', 404],
    ];
    for (const [id, status] of cases) {
      for (const list of ['failed_logins', 'active_sessions']) {
        assert.equal((await client.account(`/access/users/${id}/${list}`)).status, status, `${list} of ${id}`);
      }
    }
  });

  await t.test('users are found by part of name or e-mail, in pages', async () => {
    assert.equal((await rows(client, '/access/users')).length, 300);
    assert.equal((await rows(client, '/access/users?per_page=100&page=4')).length, 0);
    const [person] = organisation.people;
    for (const query of [
      `email=${person.email}`,
      `search=${person.email.slice(0, 8)}`,
      `name=${encodeURIComponent(person.name)}`,
    ]) {
      const found = await rows(client, `/access/users?${query}`);
      assert.ok(found.some((row) => row.id === person.id) && found.length < 30, query);
    }
    const { body } = await client.account(`/access/users/${person.id}`);
    assert.equal((body.result as unknown as Row).email, person.email);
  });

  await t.test('the inventory is complete and joined up', async () => {
    const apps = await rows(client, '/access/apps');
    assert.equal(apps.length, 21);
    assert.ok(apps.some((app) => app.domain === undefined));
    assert.equal((await client.account(`/access/apps/${String(apps[3].id)}`)).status, 200);
    assert.equal((await client.account('/access/apps/none')).status, 404);
    assert.equal((await rows(client, '/access/apps?exact=true&name=Wiki')).length, 1);
    assert.equal((await rows(client, '/access/identity_providers')).length, 7);
    assert.equal((await rows(client, '/access/identity_providers?scim_enabled=true')).length, 2);
    const reusable = await rows(client, '/access/policies');
    const policies = new Set([...reusable, ...apps.flatMap((app) => app.policies as Row[])].map(({ id }) => id));
    const approving = client.simulator
      .truth({ surface: 'login_groups', from: NOW - DAY, to: NOW })
      .map((row) => row.approvingPolicyId);
    assert.ok(approving.every((id) => id === '' || policies.has(id)));
    assert.ok((await rows(client, '/access/service_tokens')).length > 3);
    assert.ok((await rows(client, '/access/groups')).length > 3);
    assert.ok((await rows(client, '/access/certificates')).length > 1);
  });

  await t.test("Cloudflare's own client works with it", async () => {
    const cloudflare = new Cloudflare({
      apiToken: credentialNamed('full-access').token,
      baseURL: client.simulator.apiUrl,
      maxRetries: 0,
    });
    assert.equal((await cloudflare.user.tokens.verify())?.status, 'active');
    const found: string[] = [];
    for await (const user of cloudflare.zeroTrust.access.users.list({ account_id: ACCOUNT_ID, per_page: 90 })) {
      found.push(user.email ?? '');
    }
    assert.equal(new Set(found).size, 300);
    const updates = [];
    for await (const update of cloudflare.zeroTrust.access.logs.scim.updates.list({
      account_id: ACCOUNT_ID,
      idp_id: scim.map(({ id }) => id),
      since: iso(NOW - 7 * DAY),
      until: iso(NOW),
    })) {
      updates.push(update);
    }
    assert.equal(updates.length, truth.length);
    const logins = await cloudflare.zeroTrust.access.logs.accessRequests.list({ account_id: ACCOUNT_ID, limit: 3 });
    assert.equal(logins.length, 3);
  });
});
