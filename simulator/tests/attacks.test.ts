/** What an attack adds to the account, where, and when; and that a quiet day has no marks of any. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccessRequestRow, AuditRow, ScimUpdateRow } from '../cloudflareTypes';
import { ATTACK_KINDS, type AttackName, type AttackRequest } from '../index';
import type { LoginReason, LoginTruth } from '../truth';
import { DAY, HOUR, iso, NOW, start, type Client } from './support';

const AT = NOW - 5 * HOUR;
const MINUTE = 60_000;
const KINDS = Object.keys(ATTACK_KINDS) as AttackName[];
const SURFACES = ['access_requests', 'login_groups', 'explain', 'scim_updates', 'access_changes'] as const;

const ONLY_CHANGES = ['scim_updates', 'access_changes'] as const;

interface Happened {
  access_requests: AccessRequestRow[];
  login_groups: LoginTruth[];
  explain: LoginReason[];
  scim_updates: ScimUpdateRow[];
  access_changes: AuditRow[];
}

/** What the truth has, in a range; as JSON has it, without what is undefined. */
function happened({ simulator }: Client, from: number, to: number): Happened {
  const all = Object.fromEntries(SURFACES.map((surface) => [surface, simulator.truth({ surface, from, to })]));
  return JSON.parse(JSON.stringify(all)) as Happened;
}

function timeOf(row: object): number {
  const { created_at, logged_at, action } = row as {
    created_at?: string;
    logged_at?: string;
    action?: { time: string };
  };
  return Date.parse(created_at ?? logged_at ?? action?.time ?? '');
}

function without<T>(rows: readonly T[], others: readonly T[]): T[] {
  const known = new Set(others.map((row) => JSON.stringify(row)));
  return rows.filter((row) => !known.has(JSON.stringify(row)));
}

/** What of one happened beside the other. */
function added(after: Happened, before: Happened): Happened {
  return Object.fromEntries(
    SURFACES.map((surface) => [surface, without<object>(after[surface], before[surface])])
  ) as unknown as Happened;
}

async function play(client: Client, ...attacks: AttackRequest[]) {
  const answer = await client.control<{ attacks: Array<{ from: string; to: string; user?: string }>; error?: string }>(
    'POST',
    '/attacks',
    { attacks }
  );
  assert.equal(answer.status, 200, answer.body.error);
  return answer.body.attacks;
}

/** Every set of rows of one key that lies within some minutes. */
function* bursts<T extends object>(rows: T[], minutes: number, keyOf: (row: T) => unknown): Generator<T[]> {
  const groups = new Map<unknown, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const group of groups.values()) {
    for (let first = 0, last = 0; last < group.length; last++) {
      while (timeOf(group[last]) - timeOf(group[first]) > minutes * MINUTE) {
        first++;
      }
      yield group.slice(first, last + 1);
    }
  }
}

function some<T>(all: Iterable<T>, test: (one: T) => boolean): boolean {
  for (const one of all) {
    if (test(one)) {
      return true;
    }
  }
  return false;
}

const distinct = <T>(rows: readonly T[], of: (row: T) => unknown) => new Set(rows.map(of)).size;
const user = (row: AccessRequestRow) => row.user_email;
const address = (row: AccessRequestRow) => row.ip_address;
const country = (row: AccessRequestRow) => row.country?.toUpperCase();
const everything = () => '';
const blocked = ({ access_requests }: Happened) => access_requests.filter((row) => row.allowed === false);
const allowed = ({ access_requests }: Happened) => access_requests.filter((row) => row.allowed === true);

/** How each attack is recognized, by loops over what happened. `before` is the time before it. */
const MARKS: Record<Exclude<AttackName, 'token_expiring'>, (now: Happened, before: Happened) => boolean> = {
  spray: (now) => some(bursts(blocked(now), 5, address), (rows) => distinct(rows, user) >= 15),
  distributed_spray: (now) =>
    some(bursts(blocked(now), 15, everything), (rows) => distinct(rows, user) >= 8 && distinct(rows, address) >= 5),
  stuffing: (now) =>
    some(bursts(blocked(now), 10, everything), (rows) => {
      const users = distinct(rows, user);
      return users >= 15 && rows.length <= 2 * users && distinct(rows, address) < 5;
    }),
  bruteforce_user: (now) => some(bursts(blocked(now), 10, user), (rows) => rows.length >= 20),
  burst_then_success: (now) =>
    some(bursts(now.access_requests, 20, user), (rows) => {
      const isLast = rows.at(-1)?.allowed === true;
      return isLast && rows.filter((row) => row.allowed === false).length >= 10;
    }),
  many_countries: (now) => some(bursts(allowed(now), 180, user), (rows) => distinct(rows, country) >= 3),
  new_country: (now, before) => {
    const known = new Set(allowed(before).map((row) => `${user(row)} ${country(row)}`));
    return allowed(now).some((row) => !known.has(`${user(row)} ${country(row)}`));
  },
  token_new_address: (now, before) => {
    const key = (row: LoginTruth) => `${row.serviceTokenId} ${row.ipAddress}`;
    const known = new Set(before.login_groups.map(key));
    return now.login_groups.some((row) => row.serviceTokenId !== '' && !known.has(key(row)));
  },
  blocked_spike: (now) => some(bursts(blocked(now), 60, everything), (rows) => rows.length >= 40),
  app_failure_rate: (now) =>
    some(
      bursts(blocked(now), 60, (row) => row.app_uid),
      (rows) => rows.length >= 15
    ),
  mtls_failures: (now) => now.login_groups.some((row) => String(row.mtlsStatus).startsWith('FAILED')),
  scim_failures: (now) => now.scim_updates.some((row) => row.status === 'FAILURE'),
  access_changed: (now) => now.access_changes.some((row) => row.action?.type === 'update'),
};

/** What an attack cannot do without. Many failures are many failures, whoever has them. */
const ALSO: Partial<Record<AttackName, AttackName[]>> = {
  spray: ['blocked_spike', 'app_failure_rate'],
  distributed_spray: ['blocked_spike', 'app_failure_rate'],
  stuffing: ['blocked_spike', 'app_failure_rate'],
  bruteforce_user: ['blocked_spike', 'app_failure_rate'],
  many_countries: ['new_country'],
  blocked_spike: ['app_failure_rate'],
  app_failure_rate: ['blocked_spike'],
};

function marksOf(now: Happened, before: Happened): string[] {
  return Object.entries(MARKS).flatMap(([name, has]) => (has(now, before) ? [name] : []));
}

describe('attacks', async () => {
  const client = await start({ quiet: true, scale: 0.5, rest: { limit: 0 }, graphql: { limit: 0 } });
  const history: Happened = {
    access_requests: client.simulator.truth({ surface: 'access_requests', from: AT - 15 * DAY, to: AT - 1 }),
    login_groups: client.simulator.truth({ surface: 'login_groups', from: AT - 15 * DAY, to: AT - 1 }),
    ...{ explain: [], scim_updates: [], access_changes: [] },
  };
  const quiet = happened(client, AT, NOW);

  test('a quiet day has no marks of any', () => {
    const day = happened(client, AT - DAY, NOW);
    assert.deepEqual(marksOf(day, between(history, 0, AT - DAY - 1)), []);
    assert.ok(blocked(day).length > 0);
    assert.deepEqual(client.simulator.simulation.world.attacks.list(), []);
  });

  test('any other day has', async () => {
    const { simulator } = await start();
    const rows = simulator.truth({ surface: 'access_requests', from: NOW - DAY, to: NOW });
    const found = { access_requests: rows, login_groups: [], explain: [], scim_updates: [], access_changes: [] };
    assert.ok(MARKS.distributed_spray(found, found));
    assert.ok(MARKS.spray(found, found));
  });

  for (const kind of KINDS) {
    test(kind, async (t) => {
      const [{ from, to, user: whom }] = await play(client, { attack: kind, at: iso(AT) });
      const now = happened(client, AT, NOW);
      const more = added(now, quiet);
      const shows: readonly string[] = ATTACK_KINDS[kind].shows;

      await t.test('is in the truth, at its moment, and adds to what happened', () => {
        assert.equal(from, iso(AT));
        // Where a policy is open, all logins to its application are decided by it.
        const surfaces = kind === 'access_changed' ? ONLY_CHANGES : SURFACES;
        for (const surface of surfaces) {
          assert.deepEqual(without<object>(quiet[surface], now[surface]), [], surface);
          assert.equal(more[surface].length > 0, shows.includes(surface), surface);
          const times = more[surface].map(timeOf);
          assert.ok(times.every((time) => time >= AT && time <= Date.parse(to)));
          assert.ok(times.length === 0 || times[0] === AT, `${surface} begins at ${times[0]}`);
        }
        const hourBefore = between(history, AT - HOUR, AT - 1).login_groups;
        assert.deepEqual(happened(client, AT - HOUR, AT - 1).login_groups, hourBefore);
      });

      await t.test('has its own marks and few others', () => {
        const expected = kind === 'token_expiring' ? [] : [kind, ...(ALSO[kind] ?? [])];
        assert.deepEqual(marksOf(now, history).sort(), expected.sort());
      });

      await t.test('is on each endpoint', () => assertOnEndpoints(client, more, Date.parse(to)));

      await t.test('is decided by the policies', () => {
        for (const { ray_id, allowed: passed, verdict, policies, user_email } of more.explain) {
          const [logged] = now.login_groups.filter((row) => row.cfRayId === ray_id);
          assert.equal(logged.isSuccessfulLogin === 1, passed);
          assert.ok(verdict === 'allowed_by_policy' ? policies.some(({ matched }) => matched) : !passed);
          assert.ok(whom === undefined || user_email === whom);
        }
      });

      await t.test('leaves nothing behind', async () => {
        await client.control('DELETE', '/attacks');
        assert.deepEqual(happened(client, AT, NOW), quiet);
      });
    });
  }

  test('expire soon only while they do', async () => {
    const rows = (path: string) => client.account(path).then(({ body }) => body.result ?? []);
    const both = async () => [
      (await rows('/access/service_tokens'))[0].expires_at,
      (await rows('/access/certificates'))[0].expires_on,
    ];
    const usual = await both();
    const [{ to }] = await play(client, { attack: 'token_expiring', at: iso(NOW + HOUR), minutes: 60 });
    assert.deepEqual(await both(), usual);
    client.simulator.simulation.clock.advance(HOUR);
    assert.deepEqual(await both(), [to, to]);
    client.simulator.simulation.clock.advance(HOUR);
    assert.deepEqual(await both(), usual);
    client.simulator.simulation.clock.advance(-2 * HOUR);
    await client.control('DELETE', '/attacks');
  });

  test('an opened policy lets everybody in, as long as it is open', async () => {
    const { organisation } = client.simulator.simulation.world;
    const rulesAt = (us: number) =>
      organisation.history
        .at(us)
        .configuration.applications.flatMap(({ policies }) => policies)
        .find(({ name }) => name === 'Payroll')?.include;
    // It lasts into the next day.
    const at = Date.UTC(2026, 2, 3, 23, 50);
    const usual = rulesAt(at * 1000);
    await play(client, { attack: 'access_changed', at: iso(at), minutes: 20 });
    assert.deepEqual(rulesAt(at * 1000 - 1), usual);
    assert.deepEqual(rulesAt(at * 1000), [{ everyone: {} }]);
    assert.deepEqual(rulesAt((at + 20 * MINUTE) * 1000 - 1), [{ everyone: {} }]);
    assert.deepEqual(rulesAt((at + 20 * MINUTE) * 1000), usual);
    const changes = client.simulator.truth({ surface: 'access_changes', from: at - DAY, to: at + DAY });
    assert.deepEqual(changes.map(timeOf), [at, at + 20 * MINUTE]);
    await client.control('DELETE', '/attacks');
  });

  test('are told what to do', async () => {
    const [named] = await play(client, { attack: 'bruteforce_user', at: iso(AT), user: 'ada.abbott@example.com' });
    assert.equal(named.user, 'ada.abbott@example.com');
    await play(client, { attack: 'spray', at: iso(AT + HOUR), users: 20, attempts: 20, minutes: 1 });
    const sprayed = happened(client, AT + HOUR, AT + HOUR + MINUTE);
    assert.equal(added(sprayed, quiet).access_requests.length, 20);
    assert.equal(distinct(added(sprayed, quiet).access_requests, user), 20);
    const { body } = await client.control<{ attacks: unknown[] }>('GET', '/attacks');
    assert.equal(body.attacks.length, 2);
    const { simulation } = client.simulator;
    simulation.reset();
    assert.deepEqual(simulation.world.attacks.list(), []);
  });

  test('are there from the start where it says so, and again after a reset', async () => {
    const { simulator } = await start({ quiet: true, attacks: [{ attack: 'spray', at: iso(AT) }] });
    const { simulation } = simulator;
    const rows = () => simulator.truth({ surface: 'access_requests', from: AT, to: AT + HOUR }).length;
    const [atStart, usual] = [rows(), happened(client, AT, AT + HOUR).access_requests.length];
    assert.ok(atStart > usual);
    for (const change of [
      () => undefined,
      () => simulation.clearAttacks(),
      () => simulation.play([{ attack: 'stuffing', at: iso(AT) }]),
    ]) {
      change();
      simulation.reset();
      assert.deepEqual(
        simulation.world.attacks.list().map(({ attack }) => attack),
        ['spray']
      );
      assert.equal(rows(), atStart);
    }
  });

  test('are refused with what is allowed', async () => {
    const at = iso(AT);
    for (const [attack, message] of [
      [{ attack: 'phishing', at }, /no attack "phishing". Attacks: spray, /],
      [{ attack: 'toString', at }, /no attack "toString"/],
      [{ at }, /no attack undefined/],
      [{ attack: 'spray' }, /"at" must be an RFC 3339 time, not undefined/],
      [{ attack: 'spray', at, tries: 5 }, /does not take "tries". It takes: users, addresses, attempts, minutes/],
      [{ attack: 'spray', at, users: 0 }, /"users" must be a whole number from 1 to 10000, not 0/],
      [{ attack: 'spray', at, user: 'ada.abbott@example.com' }, /"spray" is not about one user/],
      [{ attack: 'new_country', at, user: 'nobody@example.com' }, /nobody with the email address "nobody@example.com"/],
    ] as Array<[Record<string, unknown>, RegExp]>) {
      const { status, body } = await client.control<{ error: string }>('POST', '/attacks', attack);
      assert.equal(status, 400);
      assert.match(body.error, message);
    }
    assert.deepEqual(client.simulator.simulation.world.attacks.list(), []);
  });

  test('are also reached below /control', async () => {
    const post = (path: string) =>
      fetch(client.simulator.url + path, { method: 'POST', body: JSON.stringify({ attack: 'spray', at: iso(AT) }) });
    assert.equal((await post('/control/attacks')).status, 200);
    assert.equal(client.simulator.simulation.world.attacks.list().length, 1);
    assert.equal((await post('/control/nothing')).status, 404);
    client.simulator.simulation.clearAttacks();
  });
});

function between(all: Happened, from: number, to: number): Happened {
  const isInside = (row: object) => timeOf(row) >= from && timeOf(row) <= to;
  return Object.fromEntries(SURFACES.map((surface) => [surface, all[surface].filter(isInside)])) as unknown as Happened;
}

/** What was added to the truth is what the endpoints show in that time. */
async function assertOnEndpoints(client: Client, more: Happened, to: number): Promise<void> {
  const window = `since=${iso(AT)}&until=${iso(to)}&direction=asc`;
  const result = async (path: string) => (await client.account<object>(path)).body.result ?? [];
  const logins = await result(`/access/logs/access_requests?${window}&limit=1000`);
  assert.deepEqual(without<object>(more.access_requests, logins), []);
  assert.ok(logins.length < 1000);

  const changes = await result(`/logs/audit?since=${iso(AT)}&before=${iso(to)}&limit=1000`);
  assert.deepEqual(without<object>(more.access_changes, changes), []);

  const [{ id }] = client.simulator.simulation.world.organisation.providers;
  const updates = await result(`/access/logs/scim/updates?${window}&limit=1000&idp_id=${id}`);
  assert.deepEqual(without<object>(more.scim_updates, updates), []);

  const groups = await client.groups(
    `datetime_geq: "${iso(AT).slice(0, 19)}Z", datetime_leq: "${iso(to).slice(0, 19)}Z"`,
    'count dimensions { cfRayId ipAddress isSuccessfulLogin mtlsStatus }'
  );
  const keyOf = (row: Record<string, unknown>) =>
    JSON.stringify([row.cfRayId, row.ipAddress, row.isSuccessfulLogin, row.mtlsStatus]);
  const shown = new Set(groups.map(({ dimensions }) => keyOf(dimensions)));
  assert.deepEqual(
    more.login_groups.filter((row) => !shown.has(keyOf(row))),
    []
  );

  const failed = more.access_requests.filter((row) => row.allowed === false && row.user_id);
  for (const userId of [...new Set(failed.map((row) => row.user_id))].slice(0, 3)) {
    const given = (await result(`/access/users/${userId}/failed_logins`)) as Array<{ metadata: { ray_id: string } }>;
    const rays = given.map(({ metadata }) => metadata.ray_id);
    const missing = failed.filter((row) => row.user_id === userId && !rays.includes(row.ray_id ?? ''));
    assert.deepEqual(missing, []);
  }
}
