/** Detections, event by event: what is answered is what plain loops find, or says that it is not all, or is an error. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { catalogue } from '../../catalogue';
import { FAULT_KINDS, PERSONALITIES, type AttackRequest, type FaultName, type Personality } from '../../simulator';
import type { Range } from '../harness/executable';
import { faultOf, settingsFor } from './chosen';
import { detectionsOf, eventsOf, withoutUnclear, type Detection, type Expected } from './detections';
import { judge } from './judge';
import type { PlainEvent } from './plain';
import { HOUR } from './questions';
import { LANES, Lanes, type Scenario, type Verdicts } from './scenario';
import { DETECTED, type DetectedName } from './subjects';

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const iso = (time: number) => new Date(time).toISOString();

/** The last day on which people work, or up to now. It begins at no edge of anything. */
function rangeOf(now: number): Range {
  let to = now;
  while ([0, 6].includes(new Date(to - DAY / 2).getUTCDay())) {
    to -= DAY;
  }
  return { from: to - DAY - 12_345, to };
}

/** What there is to detect, some of it across the beginning of the range. */
function incidents(now: number): AttackRequest[] {
  const { to } = rangeOf(now);
  const at = (before: number) => iso(to - before);
  return [
    { attack: 'burst_then_success', at: at(DAY + 6 * MINUTE) },
    { attack: 'burst_then_success', at: at(5 * HOUR), attempts: 30, minutes: 40 },
    { attack: 'burst_then_success', at: at(20 * MINUTE) },
    { attack: 'bruteforce_user', at: at(9 * HOUR) },
    { attack: 'spray', at: at(3 * HOUR), minutes: 4 },
    { attack: 'distributed_spray', at: at(DAY + 3 * MINUTE) },
    { attack: 'many_countries', at: at(7 * HOUR) },
    { attack: 'new_country', at: at(30 * HOUR) },
    { attack: 'token_new_address', at: at(4 * HOUR) },
    { attack: 'mtls_failures', at: at(2 * HOUR) },
    { attack: 'scim_failures', at: at(20 * HOUR) },
    { attack: 'access_changed', at: at(8 * HOUR) },
  ];
}

/** What every answer of a query type must be, for the accounts with the same events. */
const truths = new Map<string, Expected[]>();

function truthOf(scenario: Scenario, detections: Detection[], known?: (event: PlainEvent) => boolean): Expected[] {
  const { personality, world } = scenario.simulator.simulation;
  const { queryType } = detections[0].query;
  const key = JSON.stringify([queryType, personality, world.organisation.seed, known !== undefined]);
  let truth = truths.get(key);
  if (!truth) {
    const range = rangeOf(scenario.now);
    const events = eventsOf(scenario.simulator, queryType, wholeHours(range), scenario.person);
    truth = detections.map(({ expected }) => expected(known ? events.filter(known) : events, range));
    truths.set(key, truth);
  }
  return truth;
}

/** Series reach to the ends of their buckets. */
const wholeHours = ({ from, to }: Range): Range => ({
  from: Math.floor(from / HOUR) * HOUR,
  to: (Math.floor(to / HOUR) + 1) * HOUR - 1,
});

/** Asks all detections of a query type in one request, and judges the answers. */
async function ask(
  scenario: Scenario,
  queryType: DetectedName,
  { fromAlert = false, known }: { fromAlert?: boolean; known?: (event: PlainEvent) => boolean } = {}
): Promise<Verdicts> {
  const detections = detectionsOf(queryType, scenario.person);
  const truth = truthOf(scenario, detections, known);
  const queries = detections.map(({ query }) => query);
  const results = await scenario.source.query(rangeOf(scenario.now), queries, fromAlert);
  return Object.fromEntries(
    detections.map((detection, i) => {
      const { refId } = detection.query;
      const { tally, unclear } = truth[i];
      const judged = {
        ...detection,
        read: (frame: Parameters<Detection['read']>[0]) => withoutUnclear(detection.read(frame), unclear),
      };
      return [refId, judge(judged, results[refId], withoutUnclear(tally, unclear), fromAlert)];
    })
  );
}

/** Every fault strikes the logins, and in turn two of the other query types, which keeps the suite short. */
function struck(fault: number): readonly DetectedName[] {
  const others = DETECTED.slice(2);
  return [...DETECTED.slice(0, 2), others[fault % others.length], others[(fault + 2) % others.length]];
}

describe('detections of every kind', { concurrency: LANES }, () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await Lanes.start(incidents);
  });
  after(() => lanes.close());

  for (const queryType of DETECTED) {
    test(`there is something to detect in ${queryType}`, () =>
      lanes.run({}, async (scenario) => {
        const detections = detectionsOf(queryType, scenario.person);
        const found = truthOf(scenario, detections).map(
          ({ tally, unclear }) => withoutUnclear(tally, unclear).size > 0
        );
        const isBusy = queryType === 'access_requests' || queryType === 'login_groups';
        const missing = detections.flatMap(({ query }, i) => (found[i] ? [] : [query.refId]));
        assert.ok(missing.length <= (isBusy ? 0 : detections.length / 3), `Nothing is found by ${missing.join(', ')}`);
      }));
  }

  for (const [name, personality] of Object.entries(PERSONALITIES)) {
    for (const queryType of DETECTED) {
      test(`personality ${name}: ${queryType}`, (t) =>
        lanes.run(personality as Partial<Personality>, async (scenario) => {
          const settings: Partial<Personality> = personality;
          await scenario.fresh();
          if ((settings.lateShare ?? 0) > 0) {
            // Everything has arrived.
            scenario.simulator.simulation.clock.advance(10 * MINUTE);
          }
          if ((settings.graphqlSampleInterval ?? 1) > 1 && queryType === 'login_groups') {
            await assertSampled(scenario, queryType);
            return;
          }
          const days = settings.retentionDays;
          const isCut = days !== undefined && catalogue[queryType].api === 'rest' && queryType !== 'access_changes';
          const known = isCut ? ({ time }: PlainEvent) => time >= scenario.now - days * DAY : undefined;
          for (const fromAlert of [false, true]) {
            const verdicts = await ask(scenario, queryType, { fromAlert, known });
            t.diagnostic(`${fromAlert ? 'alert' : 'panel'}: ${Object.values(verdicts).join(', ')}`);
          }
        }));
    }
  }

  for (const [i, kind] of (Object.keys(FAULT_KINDS) as FaultName[]).entries()) {
    for (const queryType of struck(i)) {
      test(`${kind}: ${queryType}`, (t) =>
        lanes.run({}, async (scenario) => {
          const { faults } = scenario.simulator.simulation;
          for (const fromAlert of [false, true]) {
            faults.clear();
            faults.add([{ ...faultOf(kind), skip: 1, count: 2 }]);
            await scenario.fresh(settingsFor([kind]));
            const verdicts = await ask(scenario, queryType, { fromAlert });
            t.diagnostic(`${fromAlert ? 'alert' : 'panel'}: ${Object.values(verdicts).join(', ')}`);
          }
        }));
    }
  }

  /** What is counted in a sample is an estimate, and says so. What must be exact is not told at all. */
  async function assertSampled(scenario: Scenario, queryType: DetectedName): Promise<void> {
    const queries = detectionsOf(queryType, scenario.person).map(({ query }) => query);
    for (const [refId, { error, frames }] of Object.entries(
      await scenario.source.query(rangeOf(scenario.now), queries)
    )) {
      assert.ok(
        error ?? frames?.[0].schema.meta?.custom?.coverage?.sampled,
        `${refId} does not say that it is of a sample`
      );
    }
  }
});
