import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePersonality, type Personality } from '../personality';
import { DAY, HOUR, iso, NOW, start, type Client, type LoginRow } from './support';

const WINDOW = { since: iso(NOW - 6 * HOUR), until: iso(NOW - HOUR), per_page: 1000 };

async function allPages(client: Client, parameters: Record<string, string | number>, size = 1000): Promise<LoginRow[]> {
  const rows: LoginRow[] = [];
  for (let page = 1; ; page++) {
    const next = await client.logins({ ...parameters, per_page: size, page });
    rows.push(...next);
    if (next.length === 0) {
      return rows;
    }
  }
}

async function withSettings(client: Client, settings: Partial<Personality>, run: () => Promise<void>): Promise<void> {
  const before = client.simulator.simulation.personality;
  client.simulator.simulation.personality = { ...before, ...parsePersonality({ ...settings }) };
  try {
    await run();
  } finally {
    client.simulator.simulation.personality = before;
  }
}

function truthOf(client: Client, window: { since: string; until: string } = WINDOW): LoginRow[] {
  const rows = client.simulator.truth({
    surface: 'access_requests',
    from: Date.parse(window.since),
    to: Date.parse(window.until),
  });
  return rows.map((row) => JSON.parse(JSON.stringify(row)) as LoginRow);
}

test('access_requests', async (t) => {
  const client = await start({ rest: { limit: 0 } });
  const truth = truthOf(client);
  assert.ok(truth.length > 1000);

  await t.test('pages of a pinned window are the truth, in both orders', async () => {
    assert.deepEqual(await allPages(client, { ...WINDOW, direction: 'asc' }, 400), truth);
    assert.deepEqual(await allPages(client, WINDOW, 333), truth.slice().reverse());
  });

  await t.test('a few rows of one application have a reason, and fewer an approval', async () => {
    const reasoned = truth.filter((row) => row.purpose_justification_response !== undefined);
    const ofApp = truth.filter((row) => row.app_uid === reasoned[0].app_uid);
    assert.ok(reasoned.length > 1 && reasoned.length < ofApp.length);
    assert.ok(reasoned.every((row) => row.app_uid === reasoned[0].app_uid && row.purpose_justification_prompt));
    const approved = truth.filter((row) => row.temporary_access_duration !== undefined);
    assert.ok(approved.length > 0 && approved.length < reasoned.length);
    assert.ok(approved.every((row) => reasoned.includes(row) && Array.isArray(row.temporary_access_approvers)));
  });

  await t.test('page size: 25 by default, limit alone sets it, per_page wins, 1000 is the most', async () => {
    assert.equal((await client.logins({})).length, 25);
    assert.equal((await client.logins({ limit: 7 })).length, 7);
    assert.equal((await client.logins({ limit: 7, per_page: 9 })).length, 9);
    assert.equal((await client.logins({ ...WINDOW, per_page: 5000 })).length, 1000);
  });

  await t.test('result_info is there and its total is 0', async () => {
    const { body } = await client.account(`/access/logs/access_requests?limit=10`);
    assert.deepEqual(body.result_info, { count: 10, page: 1, per_page: 10, total_count: 0 });
  });

  await t.test('every filter takes and leaves what it says', async () => {
    const { applications, providers } = client.simulator.simulation.world.organisation;
    const app = applications[0];
    const cases: Array<[string, string, (row: LoginRow) => boolean]> = [
      ['allowed', 'false', (row) => !row.allowed],
      ['country_code', 'GB', (row) => row.country.toUpperCase() === 'GB'],
      ['app_uid', app.uid, (row) => row.app_uid === app.uid],
      ['app_type', 'saas', (row) => row.app_type === 'saas'],
      ['idp', providers[1].id, (row) => row.connection === 'okta'],
      ['ray_id', truth[40].ray_id, (row) => row.ray_id === truth[40].ray_id],
    ];
    for (const [name, value, test] of cases) {
      for (const operator of ['eq', 'neq']) {
        const expected = truth.filter((row) => test(row) === (operator === 'eq'));
        assert.ok(expected.length > 0, `${name} ${operator}`);
        assert.deepEqual(
          await allPages(client, { ...WINDOW, direction: 'asc', [name]: value, [`${name}Op`]: operator }),
          expected,
          `${name} ${operator}`
        );
      }
    }
  });

  await t.test('e-mail: substring by default, exact when said, email_exact wins', async () => {
    const full = truth.find((row) => row.user_email.startsWith('john.'))?.user_email ?? '';
    const part = full.slice(0, 6);
    const cases: Array<[Record<string, string>, (row: LoginRow) => boolean]> = [
      [{ email: part }, (row) => row.user_email.includes(part)],
      [{ email: part, emailOp: 'contains' }, (row) => row.user_email.includes(part)],
      [{ email: part.toUpperCase(), emailOp: 'contains' }, () => false],
      [{ email: part, emailOp: 'eq' }, () => false],
      [{ email: full, emailOp: 'eq' }, (row) => row.user_email === full],
      [{ email: part, email_exact: 'true' }, () => false],
      [{ email: part, email_exact: 'true', emailOp: 'contains' }, () => false],
      [{ email: part, emailOp: 'neq' }, (row) => !row.user_email.includes(part)],
      [{ email: full, emailOp: 'neq', email_exact: 'true' }, (row) => row.user_email !== full],
    ];
    for (const [parameters, test] of cases) {
      assert.deepEqual(
        await allPages(client, { ...WINDOW, direction: 'asc', ...parameters }),
        truth.filter(test),
        JSON.stringify(parameters)
      );
    }
  });

  await t.test('user_id is taken and not applied', async () => {
    const rows = await client.logins({ ...WINDOW, user_id: '00000000-0000-4000-8000-000000000000' });
    assert.equal(rows.length, 1000);
  });

  await t.test('fields picks fields', async () => {
    const [row] = await client.logins({ limit: 1, fields: 'ray_id,created_at,nonsense' });
    assert.deepEqual(Object.keys(row).sort(), ['created_at', 'ray_id']);
  });

  await t.test('bounds are inclusive, exclusive or cut to seconds', async () => {
    const at = truth[100].created_at;
    const second = at.slice(0, 19);
    const find = (parameters: Record<string, string>) => allPages(client, { direction: 'asc', ...parameters });
    const same = truth.filter((row) => row.created_at === at);
    assert.deepEqual(await find({ since: at, until: at }), same);
    await withSettings(client, { sinceBound: 'exclusive', untilBound: 'exclusive' }, async () => {
      assert.deepEqual(await find({ since: at, until: at }), []);
      assert.deepEqual(
        await find({ since: WINDOW.since, until: at }),
        truth.filter((row) => row.created_at > WINDOW.since && row.created_at < at)
      );
    });
    await withSettings(client, { sinceBound: 'seconds', untilBound: 'seconds' }, async () => {
      assert.deepEqual(
        await find({ since: at, until: WINDOW.until }),
        truth.filter((row) => row.created_at >= second && row.created_at <= `${WINDOW.until.slice(0, 19)}.000Z`)
      );
    });
  });

  await t.test('out of retention and reversed windows are an empty success', async () => {
    assert.deepEqual(await client.logins({ since: iso(NOW - 400 * DAY), until: iso(NOW - 200 * DAY) }), []);
    assert.deepEqual(await client.logins({ since: WINDOW.until, until: WINDOW.since }), []);
    await withSettings(client, { retentionDays: 1 }, async () => {
      assert.deepEqual(await client.logins({ since: iso(NOW - 3 * DAY), until: iso(NOW - 2 * DAY) }), []);
    });
  });

  await t.test('without since, only the last hours are given', async () => {
    const rows = await allPages(client, {});
    assert.ok(Date.parse(rows[rows.length - 1].created_at) >= NOW - 30 * HOUR);
    assert.equal(rows.length, truthOf(client, { since: iso(NOW - 30 * HOUR), until: iso(NOW) }).length);
  });

  await t.test('wrong parameters are errors that say what is allowed', async () => {
    for (const query of [
      'direction=up',
      'limit=0',
      'limit=-1',
      'per_page=x',
      'page=0',
      'since=yesterday',
      'allowedOp=like',
      'email=a&emailOp=is',
      'allowed=maybe',
    ]) {
      const { status, body } = await client.account(`/access/logs/access_requests?${query}`);
      assert.equal(status, 400, query);
      assert.equal(body.success, false);
      assert.match(body.errors[0].message, /must be/, query);
    }
  });

  await t.test('tied times in another order on every page lose and repeat rows', async () => {
    await withSettings(client, { timestampQuantumMs: 60_000, tieOrder: 'perPage', maxPerPage: 5 }, async () => {
      const rows = await allPages(client, { ...WINDOW, direction: 'asc' }, 5);
      const exact = truthOf(client);
      assert.equal(rows.length, exact.length);
      assert.ok(new Set(rows.map((row) => JSON.stringify(row))).size < exact.length);
      assert.ok(rows.every((row) => row.created_at.endsWith(':00Z')));
    });
  });

  await t.test('duplicates are whole rows, given twice', async () => {
    await withSettings(client, { duplicateShare: 0.1 }, async () => {
      const rows = await allPages(client, { ...WINDOW, direction: 'asc' }, 100);
      const unique = [...new Set(rows.map((row) => JSON.stringify(row)))];
      assert.ok(rows.length > truth.length * 1.05, `${rows.length}`);
      assert.deepEqual(
        unique.map((row) => JSON.parse(row) as LoginRow),
        truth
      );
    });
  });

  await t.test('late rows come later, and then they are there', async () => {
    await withSettings(client, { lateShare: 0.5, lateByMs: 600_000 }, async () => {
      const window = { since: iso(NOW - HOUR), until: iso(NOW) };
      const before = await allPages(client, { ...window, direction: 'asc' });
      const everything = truthOf(client, window);
      assert.ok(before.length < everything.length);
      client.simulator.simulation.clock.advance(HOUR);
      assert.deepEqual(await allPages(client, { ...window, direction: 'asc' }), everything);
      client.simulator.simulation.clock.freeze(NOW);
    });
  });

  await t.test('filters can be ignored, and can empty the answer', async () => {
    const blocked = { ...WINDOW, direction: 'asc', allowed: 'false', allowedOp: 'eq' };
    await withSettings(client, { ignoredFilters: ['allowed'] }, async () => {
      assert.deepEqual(await allPages(client, blocked), truth);
    });
    await withSettings(client, { emptyFilters: ['allowed'] }, async () => {
      assert.deepEqual(await client.logins(blocked), []);
      assert.equal((await client.logins(WINDOW)).length, 1000);
    });
  });

  await t.test('the other settings do what they say', async () => {
    await withSettings(client, { limitMeaning: 'total' }, async () => {
      assert.equal((await client.logins({ ...WINDOW, limit: 1200, page: 2 })).length, 200);
      assert.equal((await client.logins({ ...WINDOW, limit: 1000, page: 2 })).length, 0);
    });
    await withSettings(client, { limitMeaning: 'smaller' }, async () => {
      assert.equal((await client.logins({ ...WINDOW, limit: 30 })).length, 30);
    });
    await withSettings(client, { limitMeaning: 'ignored' }, async () => {
      assert.equal((await client.logins({ limit: 30 })).length, 25);
    });
    await withSettings(client, { maxPerPage: 10, overCap: 'error' }, async () => {
      assert.equal((await client.account('/access/logs/access_requests?per_page=11')).status, 400);
    });
    await withSettings(client, { resultInfo: 'absent', missingFields: ['country'], extraFields: true }, async () => {
      const { body } = await client.account('/access/logs/access_requests?limit=1');
      assert.equal(body.result_info, undefined);
      assert.equal('country' in (body.result?.[0] ?? {}), false);
      assert.ok('risk' in (body.result?.[0] ?? {}));
    });
    await withSettings(client, { totalCount: 'true' }, async () => {
      const query = new URLSearchParams({ since: WINDOW.since, until: WINDOW.until, allowed: 'false' });
      const { body } = await client.account(`/access/logs/access_requests?${query}`);
      assert.equal(body.result_info?.total_count, truth.filter((row) => !row.allowed).length);
    });
    await withSettings(client, { nonIdentityInRest: true }, async () => {
      const rows = await allPages(client, { ...WINDOW, non_identity: 'true' });
      assert.ok(rows.length > 0 && rows.every((row) => row.connection === 'nonidentity'));
    });
    await withSettings(client, { countryCase: 'upper' }, async () => {
      assert.ok((await client.logins(WINDOW)).every((row) => /^[A-Z]{2}$/.test(row.country)));
    });
  });
});
