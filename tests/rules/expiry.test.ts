/** The rules on what there is now: the time of an attack is the account's own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DAY, RULES, Stage } from './stage';

const NOW = Date.now();
const EXPIRY_RULES = RULES.filter(({ labels }) => labels.attack === 'token_expiring');

let stage: Stage;

before(async () => {
  stage = await Stage.open(NOW);
});

after(() => stage.close());

async function alerts(): Promise<string[]> {
  await stage.configure();
  const evaluations = await stage.evaluate(NOW, EXPIRY_RULES);
  return EXPIRY_RULES.flatMap(({ uid }) => {
    const { alerts: found = [], error } = evaluations.get(uid) ?? {};
    assert.equal(error, undefined);
    return found.map(({ name }) => `${uid} ${name}`);
  });
}

test('a token and a certificate that expire soon alert by name, and are forgotten once they are renewed', async () => {
  assert.deepEqual(await alerts(), []);
  stage.play([{ attack: 'token_expiring', at: NOW - DAY }]);
  const found = await alerts();
  assert.equal(found.length, EXPIRY_RULES.length);
  EXPIRY_RULES.forEach(({ uid }, i) => assert.match(found[i], new RegExp(`^${uid} \\S`)));
  stage.simulator.simulation.clearAttacks();
  assert.deepEqual(await alerts(), []);
});
