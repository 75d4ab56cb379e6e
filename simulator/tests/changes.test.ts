import assert from 'node:assert/strict';
import { test } from 'node:test';
import Cloudflare from 'cloudflare';
import type { AuditRow, JitRequestRow } from '../cloudflareTypes';
import { ACCOUNT_ID, credentialNamed, PERSONALITIES, type Personality } from '../index';
import { DAY, iso, NOW, start, type Client } from './support';

interface AuditPage {
  rows: AuditRow[];
  cursor: string | undefined;
}

async function auditPage(client: Client, query: string): Promise<AuditPage> {
  const { status, body } = await client.account<AuditRow>(`/logs/audit?${query}`);
  assert.equal(status, 200, JSON.stringify(body.errors));
  const info = body.result_info as unknown as { cursor?: string; cursors?: { after?: string } };
  return { rows: body.result ?? [], cursor: info.cursor ?? info.cursors?.after };
}

async function auditRows(client: Client, query: string): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await auditPage(client, cursor ? `${query}&cursor=${cursor}` : query);
    rows.push(...page.rows);
    ({ cursor } = page);
  } while (cursor);
  return rows;
}

const isAccess = (row: AuditRow) => row.raw?.uri?.includes('/access/') === true;

test('the audit log', async (t) => {
  const client = await start({ rest: { limit: 0 } });
  const { simulation } = client.simulator;
  const week = `since=${iso(NOW - 7 * DAY)}&before=${iso(NOW)}&direction=asc`;
  const truth = client.simulator.truth({ surface: 'access_changes', from: NOW - 7 * DAY, to: NOW });
  const as = async (personality: Partial<Personality>, run: () => Promise<void>) => {
    const before = simulation.personality;
    simulation.personality = { ...before, ...personality };
    await run();
    simulation.personality = before;
  };

  await t.test('wants both bounds', async () => {
    for (const query of ['', `since=${iso(NOW - DAY)}`, `before=${iso(NOW)}`, 'since=yesterday&before=2026-03-04']) {
      assert.equal((await client.account(`/logs/audit?${query}`)).status, 400, query);
    }
    assert.ok((await auditPage(client, 'since=2026-03-03&before=2026-03-04')).rows.length > 0);
  });

  await t.test('is of the whole account, and needs a permission of its own', async () => {
    const rows = await auditRows(client, `${week}&limit=1000`);
    assert.ok(truth.length > 30);
    assert.ok(rows.length > 2 * truth.length);
    assert.deepEqual(rows.filter(isAccess), JSON.parse(JSON.stringify(truth)));
    const asked = client.as({ authorization: `Bearer ${credentialNamed('audit-logs-only').token}` });
    assert.equal((await asked.account(`/logs/audit?${week}`)).status, 403);
  });

  await t.test('is read on from a cursor, however it is given', async () => {
    const all = await auditRows(client, `${week}&limit=1000`);
    for (const personality of [
      { maxPerPage: 7 },
      { maxPerPage: 7, cursorEnd: 'empty' },
      PERSONALITIES.cursors,
    ] as const) {
      await as(personality, async () => assert.deepEqual(await auditRows(client, week), all));
    }
    await as({ cursorLoops: true, maxPerPage: 7 }, async () => {
      const first = await auditPage(client, week);
      const next = await auditPage(client, `${week}&cursor=${first.cursor}`);
      assert.deepEqual(next, await auditPage(client, `${week}&cursor=${next.cursor}`));
    });
    assert.equal((await client.account(`/logs/audit?${week}&cursor=none`)).status, 400);
  });

  await t.test('filters by exact value, or by any other', async () => {
    const all = await auditRows(client, `${week}&limit=1000`);
    const one = truth[0];
    const cases: Array<[string, (row: AuditRow) => boolean]> = [
      ['action_type=delete', (row) => row.action?.type === 'delete'],
      ['action_type.not=update', (row) => row.action?.type !== 'update'],
      [`actor_email=${one.actor?.email}`, (row) => row.actor?.email === one.actor?.email],
      [`raw_cf_ray_id=${one.raw?.cf_ray_id}`, (row) => row.id === one.id],
      [`raw_uri=${encodeURIComponent(String(one.raw?.uri))}`, (row) => row.raw?.uri === one.raw?.uri],
      ['raw_uri=/access/', () => false],
    ];
    for (const [query, wanted] of cases) {
      assert.deepEqual(await auditRows(client, `${week}&${query}`), all.filter(wanted), query);
    }
  });

  await t.test('keeps the bodies of what was written', () => {
    const written = truth.filter((row) => row.action?.type === 'update' && row.action.result === 'success');
    assert.ok(written.length > 10);
    for (const { resource } of written) {
      const { name } = resource?.request as { name: string };
      assert.deepEqual(resource?.response, { id: resource?.id, ...(resource?.request as object) });
      assert.ok(name);
    }
  });

  await t.test("Cloudflare's own client works with it", async () => {
    const { token } = credentialNamed('full-access');
    const cloudflare = new Cloudflare({ apiToken: token, baseURL: client.simulator.apiUrl, maxRetries: 0 });
    await as({ cursorPlace: 'cursors.after', maxPerPage: 40 }, async () => {
      let rows = 0;
      const params = { account_id: ACCOUNT_ID, since: iso(NOW - 7 * DAY), before: iso(NOW) };
      for await (const row of cloudflare.accounts.logs.audit.list(params)) {
        rows += isAccess(row) ? 1 : 0;
      }
      assert.equal(rows, truth.length);
    });
  });
});

test('requests for temporary access', async (t) => {
  const client = await start({ rest: { limit: 0 } });
  const list = '/access/logs/jit_requests';
  const week = `since=${iso(NOW - 7 * DAY)}&until=${iso(NOW)}&per_page=1000`;
  const truth = client.simulator.truth({ surface: 'jit_requests', from: NOW - 7 * DAY, to: NOW }).reverse();
  const rows = async (query: string) => (await client.account<JitRequestRow>(`${list}?${query}`)).body.result ?? [];

  await t.test('are listed newest first, in pages, with every way in which they can end', async () => {
    assert.deepEqual(await rows(week), JSON.parse(JSON.stringify(truth)));
    assert.equal(new Set(truth.map(({ status }) => status)).size, 5);
    assert.deepEqual(await rows(`${week.replace('1000', '10')}&page=2`), truth.slice(10, 20));
    assert.equal((await rows('')).length, 25);
  });

  await t.test('are found by status and by a word', async () => {
    const approved = ({ status }: JitRequestRow) => status === 'APPROVED' || status === 'SPENT';
    assert.deepEqual(await rows(`${week}&status=APPROVED`), truth.filter(approved));
    const [{ requester_email: email }] = truth;
    const search = email.toUpperCase();
    assert.deepEqual(
      await rows(`${week}&search=${search}`),
      truth.filter((row) => row.requester_email === email)
    );
    assert.equal((await client.account(`${list}?status=LOST`)).status, 400);
  });

  await t.test('change as they are decided', async () => {
    const { clock } = client.simulator.simulation;
    const decided = truth.find(({ status, created_at }) => status === 'DENIED' && created_at < iso(NOW - DAY));
    const created = Date.parse(decided?.created_at ?? '');
    clock.freeze(created + 1000);
    const before = await client.account<JitRequestRow>(`${list}/${decided?.knock_request_id}`);
    assert.equal((before.body.result as unknown as JitRequestRow).status, 'PENDING');
    clock.freeze(NOW);
    const after = await client.account<JitRequestRow>(`${list}/${decided?.knock_request_id}`);
    const { events, ...row } = after.body.result as unknown as JitRequestRow & { events: Array<{ type: string }> };
    assert.deepEqual(row, decided);
    assert.deepEqual(
      events.map(({ type }) => type),
      ['CREATED', 'APPROVER_DECISION']
    );
    assert.equal((await client.account(`${list}/00000000-0000-4000-8000-000000000000`)).status, 404);
  });
});
