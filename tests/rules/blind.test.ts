/** When Cloudflare has a fault, no rule is quiet as if nothing happened: it cannot see, and the rule for that alerts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HOUR, RULES, Stage } from './stage';

const NOW = Date.now();
/** The surface that each of the rules on incomplete answers watches, as the simulated account calls it. */
const SURFACES = {
  'cfaccess-incomplete-access-requests': 'access_requests',
  'cfaccess-incomplete-login-groups': 'graphql',
  'cfaccess-incomplete-scim-updates': 'scim_updates',
  'cfaccess-incomplete-access-changes': 'access_changes',
} as const;

let stage: Stage;

before(async () => {
  stage = await Stage.open(NOW);
});

after(() => stage.close());

test('there is a rule for each surface', () => {
  const watching = RULES.filter(({ labels }) => labels.attack === 'incomplete').map(({ uid }) => uid);
  assert.deepEqual(watching.sort(), Object.keys(SURFACES).sort());
});

for (const [uid, surface] of Object.entries(SURFACES)) {
  test(`a fault of ${surface} alerts, and what reads it is in error`, async () => {
    // A data source that starts anew has nothing in memory to answer from.
    await stage.configure({ timeout: 2 });
    stage.simulator.simulation.faults.add([{ kind: 'serverErrorJson', surface }]);
    const evaluations = await stage.evaluate(NOW - HOUR);
    stage.simulator.simulation.faults.clear();
    const alerting = RULES.filter((rule) => (evaluations.get(rule.uid)?.alerts.length ?? 0) > 0);
    assert.deepEqual(
      alerting.map((rule) => rule.uid),
      [uid]
    );
    const queryType = (rule: (typeof RULES)[number]) => rule.data[0].model.queryType;
    const reads = queryType(RULES.find((rule) => rule.uid === uid) ?? RULES[0]);
    for (const rule of RULES.filter((other) => queryType(other) === reads)) {
      assert.ok(evaluations.get(rule.uid)?.error, `${rule.title} saw something`);
    }
  });
}
