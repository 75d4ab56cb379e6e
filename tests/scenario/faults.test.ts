/** Each fault of the simulated account: the answer is the truth, says that it is not all of it, or is an error. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { FAULT_KINDS, type FaultName, type FaultRequest } from '../../simulator';
import { faultOf, settingsFor } from './chosen';
import { LANES, Lanes, EVENT_TYPES } from './scenario';

/** Faults that callers wait for; where every call is struck, one question has to do, another one for each query type. */
const WAITED_FOR: FaultName[] = ['rateLimited', 'rateLimitedBare', 'throttledOk', 'hang'];

/** Which calls a fault strikes. */
const STRIKES: Record<string, Partial<FaultRequest>> = {
  'the first call': { count: 1 },
  'calls in the middle': { skip: 1, count: 2 },
  'every call': {},
};

describe('faults', { concurrency: LANES }, () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await Lanes.start();
  });
  after(() => lanes.close());

  for (const kind of Object.keys(FAULT_KINDS) as FaultName[]) {
    for (const queryType of EVENT_TYPES) {
      for (const [calls, strikes] of Object.entries(STRIKES)) {
        test(`${kind} at ${calls} of ${queryType}`, (t) =>
          lanes.run({}, async (scenario) => {
            const { faults } = scenario.simulator.simulation;
            const waits = WAITED_FOR.includes(kind) && strikes.count === undefined;
            const names = scenario.questions(queryType).map(({ query }) => query.refId);
            const only = waits ? [names[EVENT_TYPES.indexOf(queryType) % names.length]] : undefined;
            for (const fromAlert of [true, false]) {
              faults.clear();
              faults.add([{ ...faultOf(kind), ...strikes }]);
              await scenario.fresh(settingsFor([kind]));
              const verdicts = await scenario.ask(queryType, { fromAlert, only });
              t.diagnostic(`${fromAlert ? 'alert' : 'panel'}: ${Object.values(verdicts).join(', ')}`);
              if (strikes.skip === undefined) {
                assert.ok(faults.list()[0].struck > 0, 'the fault did not strike');
              }
            }
            faults.clear();
            await scenario.recovers(queryType);
          }));
      }
    }
  }
});
