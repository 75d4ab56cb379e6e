/** Attacks are played one after the other, and every rule is evaluated before, during, and after each of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MAY_ALSO_FIRE } from '../../dashboards/rules/overlaps';
import { ATTACKS, type Attack } from '../../dashboards/rules/rule';
import { DAY, HOUR, MINUTE, RULES, Stage, type Played } from './stage';

/** The Monday before last, so that Cloudflare has delivered everything. */
const NOW = Date.now();
const MONDAY = Math.floor((NOW - 4 * DAY) / (7 * DAY)) * 7 * DAY + 4 * DAY - 7 * DAY;
/** No rule looks back further than this, but for history. */
const APART = 6 * HOUR;
/** The end of the quiet day, and a time that is at no edge of a bucket. */
const START = MONDAY + DAY + 37 * MINUTE;

/** All but what is tested by itself: what the account has now, and faults. */
const PLAYED = ATTACKS.filter(
  (attack): attack is Exclude<Attack, 'token_expiring' | 'incomplete'> =>
    attack !== 'token_expiring' && attack !== 'incomplete'
);

/** The smallest attacks that fire, and the largest that do not. Each fits into the window of its rule. */
const EDGES = [
  { attack: 'spray', users: 15, attempts: 15, minutes: 4, fires: true },
  { attack: 'spray', users: 14, attempts: 140, minutes: 4, fires: false },
  { attack: 'distributed_spray', users: 8, addresses: 5, attempts: 40, minutes: 14, fires: true },
  { attack: 'distributed_spray', users: 8, addresses: 4, attempts: 40, minutes: 14, fires: false },
  { attack: 'stuffing', users: 15, addresses: 3, attempts: 30, minutes: 14, fires: true },
  { attack: 'stuffing', users: 15, addresses: 3, attempts: 45, minutes: 14, fires: false },
  { attack: 'bruteforce_user', attempts: 20, minutes: 9, fires: true },
  { attack: 'bruteforce_user', attempts: 19, minutes: 9, fires: false },
] as const;

/** What happens every week is no attack to the rules that compare. */
const WEEKLY = [
  'distributed_spray',
  'stuffing',
  'blocked_spike',
  'app_failure_rate',
] as const satisfies readonly Attack[];

const EVENT_RULES = RULES.filter(({ labels }) => labels.attack !== 'token_expiring');

let stage: Stage;
let attacks: Played[];
let edges: Played[];

before(async () => {
  stage = await Stage.open(NOW);
  const place = (i: number) => START + i * APART;
  attacks = stage.play(PLAYED.map((attack, i) => ({ attack, at: place(i) })));
  edges = stage.play(EDGES.map(({ fires: _, ...edge }, i) => ({ ...edge, at: place(PLAYED.length + i) })));
  await stage.configure();
});

after(() => stage.close());

test('on a quiet day, no rule fires', async () => {
  for (let at = MONDAY; at < MONDAY + DAY; at += HOUR) {
    assert.deepEqual([...(await stage.firing(at, EVENT_RULES))], [], new Date(at).toISOString());
  }
});

describe('each attack', () => {
  for (const [i, attack] of PLAYED.entries()) {
    test(`${attack}: its rule fires, no other does that should not, and it is over in time`, async () => {
      const { from, to } = attacks[i];
      assert.deepEqual([...(await stage.firing(from - MINUTE, EVENT_RULES))], [], 'before');
      const fired = await firedDuring(attacks[i]);
      assert.ok(fired.has(attack), `its own rule is quiet; firing: ${[...fired].join(', ')}`);
      const others = [...fired].filter((name) => name !== attack && !MAY_ALSO_FIRE[attack].includes(name));
      assert.deepEqual(others, [], 'rules that should be quiet');
      assert.deepEqual([...(await stage.firing(to + 61 * MINUTE, EVENT_RULES))], [], 'an hour later');
    });
  }
});

describe('at its threshold', () => {
  for (const [i, { fires, attack, ...size }] of EDGES.entries()) {
    const sizes = Object.entries(size).map(([name, count]) => `${count} ${name}`);
    test(`${attack} with ${sizes.join(', ')} ${fires ? 'fires' : 'is quiet'}`, async () => {
      const fired = await stage.firing(edges[i].to, EVENT_RULES);
      assert.equal(fired.has(attack), fires, [...fired].join(', '));
    });
  }
});

test('what happens every week at the same time is not an attack to rules that compare', async () => {
  const weekly = stage.play(
    WEEKLY.flatMap((attack, i) =>
      [0, 1, 2, 3, 4].map((weeks) => ({ attack, at: START + i * APART + 3 * HOUR - weeks * 7 * DAY }))
    )
  );
  await stage.configure();
  for (const [i, attack] of WEEKLY.entries()) {
    const fired = await firedDuring(weekly[i * 5]);
    assert.ok(!fired.has(attack), attack);
  }
});

/** All rules that fire at some time while an attack is going on, and shortly after. */
async function firedDuring({ from, to }: Played): Promise<Set<Attack>> {
  const fired = new Set<Attack>();
  const step = to - from > 15 * MINUTE ? 5 * MINUTE : MINUTE;
  for (let at = from + step; at <= to + 5 * MINUTE; at += step) {
    (await stage.firing(at, EVENT_RULES)).forEach((attack) => fired.add(attack));
  }
  return fired;
}
