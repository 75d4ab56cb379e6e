import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RuleReason } from '../evaluator/reasons';
import { RULE_TYPES } from '../evaluator/rules';
import type { AuditRow, JitRequestRow } from '../cloudflareTypes';
import type { LoginReason } from '../truth';
import { DAY, iso, NOW, start } from './support';

const WEEK = { from: NOW - 7 * DAY, to: NOW };

/** Rules, and those of the groups in them. */
function flat(rules: readonly RuleReason[]): RuleReason[] {
  return rules.flatMap((rule) => [rule, ...flat(rule.inside ?? [])]);
}

/** Decides once more, from what the truth says of every rule and nothing else. */
function redecide({ policies }: LoginReason): string | undefined {
  return policies.find(({ rules }) => {
    const met = (section: string) => rules.filter((rule) => rule.section === section).map((rule) => rule.met);
    return met('include').some(Boolean) && met('require').every(Boolean) && !met('exclude').some(Boolean);
  })?.id;
}

test('the true reasons of a week', async (t) => {
  const client = await start();
  const rows = client.simulator.truth({ surface: 'explain', ...WEEK });
  const share = (wanted: (row: LoginReason) => boolean, of = rows) => of.filter(wanted).length / of.length;

  await t.test('are of every kind', () => {
    const verdicts = new Set(rows.map(({ verdict }) => verdict));
    assert.deepEqual([...verdicts].sort(), [
      'allowed_by_policy',
      'approval_needed',
      'blocked_by_policy',
      'bypassed',
      'login_method_not_allowed',
      'no_policy_matched',
      'service_auth_failed',
    ]);
  });

  await t.test('ask every rule type, and each is decided both ways', () => {
    const rules = rows.flatMap(({ policies }) => policies.flatMap((policy) => flat(policy.rules)));
    const decided = new Set(rules.map(({ type, met }) => `${type} ${met}`));
    const missing = RULE_TYPES.flatMap((type) => [`${type} true`, `${type} false`]).filter((one) => !decided.has(one));
    assert.deepEqual(missing, ['everyone false']);
  });

  await t.test('fit the rules', () => {
    for (const row of rows) {
      const first = redecide(row);
      const isDecided = ['allowed_by_policy', 'bypassed', 'blocked_by_policy', 'approval_needed'].includes(row.verdict);
      if (isDecided) {
        assert.equal(row.policy_id, first, row.ray_id);
      } else {
        assert.equal(row.policy_id, '');
      }
      if (row.verdict === 'no_policy_matched' && row.user_email !== '') {
        assert.equal(first, undefined, row.ray_id);
      }
    }
  });

  await t.test('leave most of the staff alone', () => {
    const people = client.simulator.truth({ surface: 'access_requests', ...WEEK });
    const blocked = people.filter(({ allowed }) => !allowed).length / people.length;
    assert.ok(blocked > 0.15 && blocked < 0.35, `${blocked}`);
    const noAttack = rows.filter(({ policies, user_email }) => {
      const isAttack = policies.some(({ rules }) =>
        rules.some(({ rule, met }) => met && 'geo' in rule && rule.geo.country_code === 'BR')
      );
      return user_email !== '' && !isAttack;
    });
    assert.ok(share(({ allowed }) => allowed, noAttack) > 0.75);
  });

  await t.test('are the same from the outside', async () => {
    const blocked = rows.filter(({ allowed }) => !allowed);
    const one = blocked[Math.floor(blocked.length / 2)];
    const { body } = await client.control<{ rows: LoginReason[] }>(
      'GET',
      `/truth?surface=explain&ray_id=${one.ray_id}&from=${WEEK.from}&to=${WEEK.to}`
    );
    assert.deepEqual(
      body.rows,
      rows.filter(({ ray_id }) => ray_id === one.ray_id)
    );
    assert.deepEqual(client.simulator.truth({ surface: 'explain', ...WEEK, rayId: 'feedfeedfeedfeed' }), []);
  });

  await t.test('and GraphQL tells which policy let somebody in', async () => {
    const [{ dimensions }] = await client.groups(
      `datetime_geq: "${iso(NOW - DAY)}", datetime_leq: "${iso(NOW)}", approvingPolicyId_neq: "", isSuccessfulLogin: 1`,
      'dimensions { cfRayId approvingPolicyId isSuccessfulLogin }'
    );
    const [reason] = client.simulator.truth({ surface: 'explain', ...WEEK, rayId: String(dimensions.cfRayId) });
    assert.equal(reason.policy_id, dimensions.approvingPolicyId);
    assert.equal(reason.verdict, 'allowed_by_policy');
  });
});

describe('the configuration over time', () => {
  test('every day, a policy is changed and put back, and locks somebody out in between', async () => {
    const client = await start();
    const { organisation } = client.simulator.simulation.world;
    const changes = organisation.history.changes((NOW - 7 * DAY) * 1000, NOW * 1000);
    assert.ok(changes.filter(({ mistake }) => mistake.kind === 'policy').length >= 13);
    assert.ok(new Set(changes.map(({ mistake }) => mistake.kind)).size === 3);
    let lockedOut = 0;
    for (const { us, mistake, isRepair, before, after } of changes) {
      assert.notDeepEqual(before, after);
      assert.equal(organisation.history.changedUs(mistake.id, us), us);
      if (!isRepair && mistake.kind === 'policy') {
        const end = changes.find((its) => its.isRepair && its.mistake.id === mistake.id && its.us > us)?.us ?? 0;
        const hours = client.simulator.truth({ surface: 'explain', from: us / 1000, to: end / 1000 });
        lockedOut += hours.filter(
          ({ allowed, policies }) => !allowed && policies.some(({ id }) => id === mistake.id)
        ).length;
      }
    }
    assert.ok(lockedOut > 100, `${lockedOut}`);
  });

  test('the API shows what is so now, and the audit log what was', async () => {
    const client = await start();
    const { simulation } = client.simulator;
    const { history } = simulation.world.organisation;
    const change = history
      .changes((NOW - 20 * DAY) * 1000, NOW * 1000)
      .find(({ mistake }) => mistake.kind === 'policy' && mistake.path.startsWith('apps/'));
    assert.ok(change);
    const [, app] = change.mistake.path.split('/');
    const policyAt = async (us: number) => {
      simulation.clock.freeze(Math.ceil(us / 1000));
      const { body } = await client.account(`/access/apps/${app}/policies`);
      return body.result?.find(({ id }) => id === change.mistake.id) ?? {};
    };
    const before = await policyAt(change.us - 60_000_000);
    const { updated_at, created_at, reusable: _, ...after } = await policyAt(change.us + 60_000_000);
    const rules = ({ include, require, exclude }: Record<string, unknown>) => ({ include, require, exclude });
    assert.notDeepEqual(rules(before), rules(after));
    assert.ok(String(updated_at) > String(before.updated_at) && updated_at !== created_at);
    assert.equal(updated_at, iso(Math.floor(change.us / 1000)));
    const from = Math.floor(change.us / 1000) - 1000;
    const rows = client.simulator.truth({ surface: 'access_changes', from, to: from + 2000 });
    const row = rows.find(({ resource }) => resource?.id === change.mistake.id) as AuditRow;
    assert.ok(row.raw?.uri?.endsWith(`/access/apps/${app}/policies/${change.mistake.id}`));
    assert.deepEqual(row.resource?.response, after);
  });

  test('what was refused in the audit log has not changed anything', async () => {
    const client = await start();
    const refused = client.simulator
      .truth({ surface: 'access_changes', from: NOW - 30 * DAY, to: NOW })
      .filter(({ action, resource }) => action?.result === 'failure' && resource?.request);
    assert.ok(refused.length > 0);
    const { configuration } = client.simulator.simulation.world.organisation.history.at(NOW * 1000);
    const policies = configuration.applications.flatMap((its) => its.policies);
    assert.ok(refused.every(({ resource }) => policies.some(({ id }) => id === resource?.id)));
  });
});

test('who has no answer yet is not let in, and the request is there to see', async () => {
  const client = await start();
  const reasons = client.simulator.truth({ surface: 'explain', ...WEEK });
  const waiting = reasons.filter(({ verdict }) => verdict === 'approval_needed');
  const requests: JitRequestRow[] = client.simulator.truth({
    surface: 'jit_requests',
    from: WEEK.from - DAY,
    to: NOW,
  });
  const pending = requests.filter(({ status }) => status === 'PENDING').map(({ requester_email: who }) => who);
  assert.ok(waiting.some(({ user_email }) => pending.includes(user_email)));
  const approved = reasons.filter(
    ({ verdict, policy_name }) => verdict === 'allowed_by_policy' && policy_name.startsWith('Finance, when')
  );
  assert.ok(approved.length > 10);
  for (const { user_email, created_at } of approved) {
    assert.ok(
      requests.some(
        ({ requester_email, created_at: asked, expires_at, status }) =>
          requester_email === user_email &&
          asked < created_at &&
          expires_at > created_at &&
          ['APPROVED', 'SPENT'].includes(status)
      )
    );
  }
});
