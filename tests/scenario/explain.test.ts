/**
 * Why a login was decided as it was: what the executable finds out from the outside, held against what the simulated
 * account's own evaluator decided, in organisations that differ by their seed.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startSimulator, type LoginReason, type Personality, type Simulator } from '../../simulator';
import { startExecutable, type DataSource, type Executable, type Frame, type Result } from '../harness/executable';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The executable goes by the clock of the machine. */
const NOW = Math.floor(Date.now() / 60_000) * 60_000;
/** `EXPLAIN_SEEDS=40` asks about as many organisations, and more logins of each. */
const ORGANISATIONS = Number(process.env.EXPLAIN_SEEDS ?? 2);
const SEEDS = Array.from({ length: ORGANISATIONS }, (_, i) => i + 1);
/** Organisations whose policies are drawn at random, beside those. */
const RANDOM_SEEDS = Array.from({ length: 3 * ORGANISATIONS }, (_, i) => 101 + i);
/** Logins of a kind (verdict and application) that are asked about. */
const OF_A_KIND = process.env.EXPLAIN_SEEDS ? 3 : 1;
const AT_ONCE = 4;

type Row = Record<string, unknown>;

interface Explanation {
  verdict: Row;
  checks: Row[];
  notices: string[];
}

/** How an account keeps something from the data source. */
interface Withheld {
  credential?: string;
  randomPolicies?: boolean;
  /** Fewer logins, so that it is known soon what is true of each. */
  scale?: number;
  personality?: Partial<Personality>;
}

function rowsOf(frame: Frame | undefined): Row[] {
  assert.ok(frame);
  const { fields } = frame.schema;
  return (frame.data.values[0] ?? []).map((_, row) =>
    Object.fromEntries(fields.map(({ name }, i) => [name, frame.data.values[i][row]]))
  );
}

function explanationOf({ error, frames }: Result): Explanation {
  assert.equal(error, undefined);
  const [verdict] = rowsOf(frames?.[0]);
  const notices = frames?.[0].schema.meta?.notices ?? [];
  return { verdict, checks: rowsOf(frames?.[1]), notices: notices.map(({ text }) => text) };
}

/** Some logins of every kind there is, from the last hours and from days ago. */
function sample(simulator: Simulator, isAsked: (truth: LoginReason) => boolean): LoginReason[] {
  const reasons = simulator.truth({ surface: 'explain', from: NOW - 3 * DAY, to: NOW }).filter(isAsked);
  const kinds = new Map<string, LoginReason[]>();
  for (const reason of reasons.reverse()) {
    const kind = `${reason.verdict} ${reason.app_uid} ${reason.user_email === ''}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), reason]);
  }
  return [...kinds.values()].flatMap((all) =>
    Array.from({ length: OF_A_KIND }, (_, i) => all[Math.floor((i * all.length) / OF_A_KIND)])
  );
}

/** What contradicts the truth in an answer. What is likely may be wrong; what is certain may not. */
function contradictions({ verdict, checks }: Explanation, truth: LoginReason): string[] {
  const found: string[] = [];
  const said = String(verdict.verdict);
  if (said === 'not_found') {
    return ['not found'];
  }
  const outcome = truth.allowed ? 'allowed' : 'blocked';
  if (verdict.outcome !== outcome) {
    found.push(`outcome ${String(verdict.outcome)}`);
  }
  const admits = ['allowed_by_policy', 'bypassed', 'not_blocked_by_access'].includes(said);
  if (said !== 'unknown' && admits !== truth.allowed) {
    found.push(`${said} although ${outcome}`);
  }
  if (verdict.certainty !== 'certain') {
    return found;
  }
  // Access let it pass, and does not say by which policy: that is all that can be seen of a bypass.
  const isPassed = truth.verdict === 'bypassed' && said === 'not_blocked_by_access';
  if (said !== truth.verdict && !isPassed) {
    found.push(`certainly ${said}`);
  }
  if (truth.policy_id !== '' && !isPassed && verdict.policy_id !== truth.policy_id) {
    found.push(`certainly by ${String(verdict.policy_name)}`);
  }
  for (const policy of truth.policies) {
    for (const section of ['include', 'require', 'exclude']) {
      const rules = policy.rules.filter((rule) => rule.section === section);
      const rows = checks.filter((row) => row.policy_id === policy.id && row.section === section);
      rules.forEach(({ type, met }, i) => {
        const row = rows[i] as Row | undefined;
        if (row?.rule_type !== type) {
          // The policy has changed since, and its former rules are not shown.
          return;
        }
        if (row.decisive === true && row.result !== 'unknown' && (row.result === 'met') !== met) {
          found.push(`certainly ${String(row.result)}: ${policy.name}, ${section}, ${type}`);
        }
      });
    }
  }
  return found;
}

describe('explanations', () => {
  let executable: Executable;
  let judged = 0;
  before(async () => {
    executable = await startExecutable(1);
  });
  after(async () => {
    console.log(`${judged} logins were explained and held against the truth.`);
    await executable.close();
  });

  /** Asks about a sample of a seed's logins; every answer goes with its truth. */
  async function ask(
    seed: number,
    { credential, personality, randomPolicies, scale }: Withheld = {},
    isAsked: (truth: LoginReason) => boolean = () => true
  ): Promise<Array<{ truth: LoginReason; explanation: Explanation }>> {
    // Where Cloudflare names no limit, the executable keeps to the documented one.
    const unlimited = { rest: { limit: 1e6 }, graphql: { limit: 1e6 } };
    const simulator = await startSimulator({
      port: 0,
      seed,
      frozenAt: NOW,
      personality,
      randomPolicies,
      scale,
      ...unlimited,
    });
    try {
      const [source] = executable.dataSources;
      await source.configure(simulator.apiUrl, {}, credential);
      const all = sample(simulator, isAsked);
      const answers: Array<{ truth: LoginReason; explanation: Explanation }> = [];
      for (let i = 0; i < all.length; i += AT_ONCE) {
        const some = all.slice(i, i + AT_ONCE);
        const explained = await Promise.all(some.map((truth) => explain(source, truth.ray_id)));
        answers.push(...some.map((truth, at) => ({ truth, explanation: explained[at] })));
      }
      return answers;
    } finally {
      await simulator.close();
    }
  }

  async function explain(source: DataSource, rayId: string): Promise<Explanation> {
    const filters = [{ field: 'ray_id', operator: '=', values: [rayId] }];
    const range = { from: NOW - HOUR, to: NOW };
    const { A } = await source.query(range, [{ refId: 'A', queryType: 'explain', format: 'table', filters }]);
    return explanationOf(A);
  }

  function assertTrue(answers: Awaited<ReturnType<typeof ask>>): void {
    judged += answers.length;
    const wrong = answers.flatMap(({ truth, explanation }) =>
      contradictions(explanation, truth).map(
        (one) => `${truth.ray_id} ${truth.app_name}: ${one}, but ${truth.verdict} ${truth.policy_name}`
      )
    );
    assert.deepEqual(wrong, []);
  }

  for (const seed of SEEDS) {
    test(`organisation ${seed}: what is certain is so`, async (t) => {
      const answers = await ask(seed);
      assertTrue(answers);
      const tally = new Map<string, number>();
      for (const { truth, explanation } of answers) {
        const { verdict, certainty } = explanation.verdict;
        const hit = verdict === truth.verdict ? 'right' : `${String(verdict)}`;
        const key = `${truth.verdict}: ${String(certainty)} ${hit}`;
        tally.set(key, (tally.get(key) ?? 0) + 1);
      }
      t.diagnostic([...tally].map(([key, count]) => `${key} ${count}`).join('; '));
      const known = answers.filter(({ explanation }) => explanation.verdict.verdict !== 'unknown');
      assert.ok(known.length > 0.8 * answers.length, `${known.length} of ${answers.length}`);
      const right = known.filter(({ truth, explanation }) => explanation.verdict.verdict === truth.verdict);
      assert.ok(right.length > 0.9 * known.length, `${right.length} of ${known.length}`);
    });
  }

  for (const seed of RANDOM_SEEDS) {
    test(`organisation ${seed}, with random policies: what is certain is so`, async (t) => {
      const answers = await ask(seed, { randomPolicies: true, scale: 0.1 });
      assertTrue(answers);
      const certain = answers.filter(({ explanation }) => explanation.verdict.certainty === 'certain');
      t.diagnostic(`${answers.length} logins, ${certain.length} of them explained for certain`);
      assert.ok(certain.length > 0.3 * answers.length);
    });
  }

  const WITHHELD: Array<[string, Withheld, (note: string) => boolean]> = [
    ['policies', { credential: 'no-policies' }, (note) => note.includes('Access: Apps and Policies Read')],
    [
      'groups and lists',
      { credential: 'no-groups' },
      (note) =>
        note.includes('Access: Organizations, Identity Providers, and Groups Read') || note.includes('Zero Trust'),
    ],
    ['all that decides', { credential: 'logins-only' }, (note) => note.includes('Access: Apps and Policies Read')],
    [
      'what providers say of people',
      { personality: { identityDetails: 'documented' } },
      (note) => note.includes('identity has no groups'),
    ],
    ['the login groups', { personality: { graphqlEnabled: false } }, (note) => note.includes('login group')],
  ];

  for (const [what, withheld, names] of WITHHELD) {
    test(`without ${what}, nothing is claimed that can't be known, and what is missing is said`, async () => {
      const answers = await ask(SEEDS[0], withheld, ({ allowed, user_email }) => !allowed && user_email !== '');
      assertTrue(answers);
      const open = answers.filter(({ explanation }) => explanation.verdict.certainty !== 'certain');
      assert.ok(open.length > 0);
      const notes = open.map(({ explanation: { verdict, checks, notices } }) =>
        [verdict.reason, verdict.next_step, ...notices, ...checks.map(({ note }) => note)].join('\n')
      );
      assert.ok(notes.some(names), notes[0]);
    });
  }
});
