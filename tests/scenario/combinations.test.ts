/** Several faults at once, each at one call in twenty: whatever comes together, no answer is wrong in silence. */
import { after, before, describe, test } from 'node:test';
import { FAULT_KINDS, PERSONALITIES, type FaultName, type Personality } from '../../simulator';
import { faultOf, settingsFor } from './chosen';
import { LANES, Lanes, EVENT_TYPES } from './scenario';

const SEEDS = 16;
const PROBABILITY = 0.05;

/** Personalities under which the truth can be shown whole. */
const PRESETS = [
  'default',
  'exclusive',
  'seconds',
  'tied',
  'tidy',
  'blindFilters',
  'muteFilters',
  'repeating',
] as const;

/** A small generator of numbers from 0 to 1, the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What comes together under a seed. */
function draw(seed: number): { kinds: FaultName[]; preset: (typeof PRESETS)[number] } {
  const random = randomOf(seed);
  const left = Object.keys(FAULT_KINDS) as FaultName[];
  const kinds = Array.from({ length: 3 + Math.floor(random() * 6) }, () => {
    const [kind] = left.splice(Math.floor(random() * left.length), 1);
    return kind;
  });
  return { kinds, preset: PRESETS[Math.floor(random() * PRESETS.length)] };
}

describe('combinations', { concurrency: LANES }, () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await Lanes.start();
  });
  after(() => lanes.close());

  for (let seed = 1; seed <= SEEDS; seed++) {
    const { kinds, preset } = draw(seed);
    for (const queryType of EVENT_TYPES) {
      test(`seed ${seed}, ${preset}: ${kinds.join(' + ')}: ${queryType}`, (t) =>
        lanes.runSeeded(seed, PERSONALITIES[preset] as Partial<Personality>, async (scenario) => {
          const { faults } = scenario.simulator.simulation;
          faults.add(kinds.map((kind) => ({ ...faultOf(kind), probability: PROBABILITY })));
          for (const fromAlert of [false, true]) {
            await scenario.fresh(settingsFor(kinds));
            const verdicts = await scenario.ask(queryType, { fromAlert });
            t.diagnostic(`${fromAlert ? 'alert' : 'panel'}: ${Object.values(verdicts).join(', ')}`);
          }
          faults.clear();
          await scenario.recovers(queryType);
        }));
    }
  }
});
