/** What an explanation costs: at most 15 calls where the executable knows nothing yet, and 3 where it is asked again. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PERSONALITIES, startSimulator, type LoginReason, type Personality, type Simulator } from '../../simulator';
import { startExecutable, type DataSource, type Executable } from '../harness/executable';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** The executable goes by the clock of the machine. */
const NOW = Math.floor(Date.now() / 60_000) * 60_000;
const MOST = 15;
const MOST_AGAIN = 3;
/**
 * Of so many kinds of logins, one is asked about in each account; in that of `npm start`, of all. `EXPLAIN_CALLS=all`
 * asks about all everywhere.
 */
const ONE_IN = process.env.EXPLAIN_CALLS === 'all' ? 1 : 10;

/** The newest login of each verdict and application. */
function newest(simulator: Simulator): LoginReason[] {
  const kinds = new Map<string, LoginReason>();
  for (const reason of simulator.truth({ surface: 'explain', from: NOW - 2 * DAY, to: NOW })) {
    kinds.set(`${reason.verdict} ${reason.app_uid}`, reason);
  }
  return [...kinds.values()];
}

describe('the calls of an explanation', () => {
  let executable: Executable;
  before(async () => {
    executable = await startExecutable(1);
  });
  after(() => executable.close());

  async function explain(source: DataSource, rayId: string): Promise<void> {
    const filters = [{ field: 'ray_id', operator: '=', values: [rayId] }];
    const range = { from: NOW - HOUR, to: NOW };
    const { A } = await source.query(range, [{ refId: 'A', queryType: 'explain', format: 'table', filters }]);
    assert.equal(A.error, undefined);
  }

  for (const [at, [name, personality]] of Object.entries<Partial<Personality>>(PERSONALITIES).entries()) {
    test(`are few in the account ${name}`, async (t) => {
      const unlimited = { rest: { limit: 0 }, graphql: { limit: 0 } };
      const simulator = await startSimulator({ port: 0, frozenAt: NOW, personality, ...unlimited });
      try {
        const [source] = executable.dataSources;
        const calls = () => simulator.simulation.calls.report().total;
        const isAsked = (kind: number) => name === 'default' || kind % ONE_IN === at % ONE_IN;
        const logins = newest(simulator).filter((_, kind) => isAsked(kind));
        const cold: number[] = [];
        for (const { ray_id, app_name, verdict } of logins) {
          await source.configure(simulator.apiUrl);
          const start = calls();
          await explain(source, ray_id);
          const first = calls() - start;
          await explain(source, ray_id);
          const again = calls() - start - first;
          cold.push(first);
          assert.ok(first <= MOST, `${first} calls for ${ray_id} to ${app_name}, ${verdict}`);
          assert.ok(again <= MOST_AGAIN, `${again} calls for ${ray_id} to ${app_name}, ${verdict}, asked again`);
        }
        t.diagnostic(`${logins.length} logins, at most ${Math.max(...cold)} calls`);
      } finally {
        await simulator.close();
      }
    });
  }
});
