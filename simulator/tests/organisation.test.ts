import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clock } from '../clock';
import { createWorld, type World } from '../world';
import { DEFAULT_PERSONALITY } from '../personality';
import { truth } from '../truth';
import { DAY, HOUR, NOW } from './support';

function world(options: { seed?: number; scale?: number; now?: number } = {}): World {
  const clock = new Clock(() => options.now ?? NOW);
  return createWorld({ seed: options.seed ?? 1, scale: options.scale ?? 1, people: 300, clock });
}

function logins(of: World, from: number, to: number) {
  return truth(of, DEFAULT_PERSONALITY, { surface: 'access_requests', from, to });
}

test('the same window has the same rows in another process and in another order', () => {
  const window = [NOW - 3 * HOUR, NOW - 2 * HOUR] as const;
  const first = world();
  const second = world();
  logins(second, NOW - 100 * DAY, NOW - 99 * DAY);
  assert.ok(logins(first, ...window).length > 100);
  assert.deepEqual(logins(second, ...window), logins(first, ...window));
  assert.notDeepEqual(logins(world({ seed: 2 }), ...window), logins(first, ...window));
});

test('a window read in two parts is the window', () => {
  const of = world();
  const [from, middle, to] = [NOW - 6 * HOUR, NOW - 2 * HOUR - 7, NOW - HOUR];
  assert.deepEqual([...logins(of, from, middle), ...logins(of, middle + 1, to)], logins(of, from, to));
});

test('a working day has four to six thousand logins, a Sunday less than a fifth of that', () => {
  const of = world();
  const wednesday = logins(of, Date.UTC(2026, 1, 25), Date.UTC(2026, 1, 26) - 1).length;
  const sunday = logins(of, Date.UTC(2026, 2, 1), Date.UTC(2026, 2, 2) - 1).filter((row) => row.allowed).length;
  assert.ok(wednesday >= 4000 && wednesday <= 6500, `${wednesday}`);
  assert.ok(sunday < wednesday / 5, `${sunday}`);
});

test('the scale multiplies the logins', () => {
  const hour = [NOW - HOUR, NOW] as const;
  const one = logins(world(), ...hour).length;
  const twenty = logins(world({ scale: 20 }), ...hour).length;
  assert.ok(twenty > 15 * one && twenty < 25 * one, `${one} and ${twenty}`);
});

test('the last three hours always hold a burst of blocked logins', () => {
  const of = world({ now: NOW });
  for (let hour = 0; hour < 24 * 7; hour++) {
    const to = NOW - hour * HOUR;
    const perMinute = new Map<string, number>();
    for (const row of logins(of, to - 3 * HOUR, to)) {
      if (!row.allowed) {
        const minute = row.created_at?.slice(0, 16) ?? '';
        perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
      }
    }
    assert.ok(Math.max(...perMinute.values()) >= 7, `no burst in the three hours before ${new Date(to).toISOString()}`);
  }
});

test('everybody is at example.com and every address is for documentation', () => {
  const rows = logins(world(), NOW - DAY, NOW);
  const emails = new Set(rows.map((row) => row.user_email));
  assert.ok(emails.size > 200, `${emails.size}`);
  for (const row of rows) {
    assert.match(row.user_email ?? '', /^[a-z0-9.]+@example\.com$/);
    assert.match(row.ip_address ?? '', /^(192\.0\.2\.\d+|198\.51\.100\.\d+|203\.0\.113\.\d+|2001:db8:[0-9a-f:]+)$/);
    assert.match(row.ray_id ?? '', /^[0-9a-f]{16}$/);
  }
});

test('people are unique, whatever their number', () => {
  const { people } = createWorld({ seed: 3, scale: 1, people: 1200, clock: new Clock() }).organisation;
  assert.equal(new Set(people.map(({ email }) => email)).size, 1200);
  assert.equal(new Set(people.map(({ id }) => id)).size, 1200);
});

test('some Ray IDs have two rows of the same time that differ in their path', () => {
  const byRay = new Map<string, Array<{ app_domain?: string; created_at?: string }>>();
  for (const row of logins(world(), NOW - 2 * DAY, NOW)) {
    byRay.set(row.ray_id ?? '', [...(byRay.get(row.ray_id ?? '') ?? []), row]);
  }
  const shared = [...byRay.values()].filter((rows) => rows.length > 1);
  assert.ok(shared.length >= 3, `${shared.length}`);
  for (const rows of shared) {
    assert.equal(rows.length, 2);
    assert.equal(rows[0].created_at, rows[1].created_at);
    assert.notEqual(rows[0].app_domain, rows[1].app_domain);
  }
});

test('the quirks that were seen are there', () => {
  const rows = logins(world(), NOW - 3 * DAY, NOW);
  assert.ok(rows.some((row) => /[a-z]/.test(row.country ?? '')));
  assert.ok(rows.some((row) => row.app_domain?.includes('/')));
  assert.ok(rows.some((row) => row.app_domain === undefined));
  assert.ok(rows.some((row) => row.user_id === undefined && !row.allowed));
  assert.ok(rows.some((row) => row.action === 'logout'));
  const updates = truth(world(), DEFAULT_PERSONALITY, { surface: 'scim_updates', from: NOW - 20 * DAY, to: NOW });
  assert.ok(updates.some((row) => row.http_method !== undefined && row.request_method === undefined));
  assert.ok(updates.some((row) => row.status === 'FAILURE' && row.error_description));
  assert.ok(updates.every((row) => row.resource_type !== 'GROUP' || row.resource_user_email === undefined));
  assert.ok(updates.some((row) => row.resource_type === 'USER' && row.resource_user_email === undefined));
});
