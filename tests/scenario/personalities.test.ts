/** Every way in which Cloudflare may treat a call: the answer is the truth, or says that it is not all of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { catalogue } from '../../catalogue';
import { PERSONALITIES, SETTINGS, type Personality } from '../../simulator';
import type { Event } from './events';
import { HOUR } from './questions';
import { LANES, Lanes, EVENT_TYPES, type EventTypeName, type Scenario } from './scenario';

type SettingName = keyof Personality;

const BOUNDS = ['exclusive', 'seconds'] as const;
const MINUTE = 60_000;

/** Values of every setting beside its default: all where they can be counted, otherwise some that matter in three days. */
const VALUES: { readonly [K in SettingName]: ReadonlyArray<Personality[K]> } = {
  sinceBound: BOUNDS,
  untilBound: BOUNDS,
  timestampQuantumMs: [0.001, 1000, MINUTE],
  tieOrder: ['perPage'],
  maxPerPage: [25, 1000, 100_000],
  overCap: ['error'],
  limitMeaning: ['total', 'smaller', 'ignored'],
  resultInfo: ['absent'],
  totalCount: ['true', 'page'],
  defaultWindowHours: [0, 1],
  retentionDays: [1],
  failedLoginsDays: [1, 30],
  ingestDelayMs: [3_000],
  lateShare: [0.2],
  lateByMs: [0],
  duplicateShare: [0.2],
  ignoredFilters: [['allowed'], ['country_code'], ['allowed', 'country_code', 'email', 'app_type']],
  emptyFilters: [['allowed'], ['country_code']],
  missingFields: [
    ['country'],
    ['allowed'],
    ['created_at'],
    ['user_email', 'app_uid'],
    ['resource_type'],
    ['app_name'],
    ['raw'],
  ],
  extraFields: [true],
  countryCase: ['upper'],
  nonIdentityInRest: [true],
  identityInGraphql: [false],
  idpIdRequired: [false],
  hideProviders: [true],
  scimMethodField: ['request_method', 'http_method'],
  scimFailureWord: ['ERROR', 'mixed'],
  cursorPlace: ['cursors.after'],
  cursorEnd: ['empty', 'emptyPage'],
  cursorPages: ['sparse'],
  cursorLoops: [true],
  identityDetails: ['documented'],
  userMatch: ['exact'],
  graphqlEnabled: [false],
  graphqlNotOlderThan: [86_400],
  graphqlMaxDuration: [3_600, 86_400],
  graphqlMaxPageSize: [100, 10_000],
  graphqlMaxFields: [4],
  graphqlMaxNodes: [1],
  graphqlUnavailable: [['deviceId'], ['cfRayId'], ['country'], ['isSuccessfulLogin']],
  graphqlSampleInterval: [10],
  graphqlErrorStatus: ['documented'],
};

interface Case {
  name: string;
  personality: Partial<Personality>;
  queryTypes: readonly EventTypeName[];
}

const REST = EVENT_TYPES.filter((queryType) => catalogue[queryType].api === 'rest');
const GRAPHQL = EVENT_TYPES.filter((queryType) => catalogue[queryType].api === 'graphql');
const isOfGraphql = (name: SettingName) => name.startsWith('graphql') || name === 'identityInGraphql';

const CASES: Case[] = [
  ...Object.entries(PERSONALITIES).map(([name, personality]) => ({
    name: `personality ${name}`,
    personality: personality as Partial<Personality>,
    queryTypes: EVENT_TYPES,
  })),
  ...(Object.keys(SETTINGS) as SettingName[]).flatMap((name) =>
    VALUES[name].map((value) => ({
      name: `${name}=${JSON.stringify(value)}`,
      personality: { [name]: value },
      queryTypes: isOfGraphql(name) ? GRAPHQL : REST,
    }))
  ),
];

/** What arrives this late is there after so much time. */
const ARRIVAL = 10 * MINUTE;

const isLate = ({ lateShare = 0, ingestDelayMs = 0 }: Partial<Personality>) => lateShare > 0 || ingestDelayMs > 0;

/** Cloudflare does not say which part of the range a log no longer has: an answer can only hold what is there. */
function kept(
  queryType: EventTypeName,
  personality: Partial<Personality>,
  now: number
): ((e: Event) => boolean) | undefined {
  // Every plan has all of the audit log.
  const isCut = REST.includes(queryType) && queryType !== 'access_changes';
  const days = isCut ? personality.retentionDays : undefined;
  return days === undefined ? undefined : ({ time }) => time >= now - days * 24 * HOUR;
}

describe('personalities', { concurrency: LANES }, () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await Lanes.start();
  });
  after(() => lanes.close());

  for (const { name, personality, queryTypes } of CASES) {
    for (const queryType of queryTypes) {
      test(`${name}: ${queryType}`, (t) =>
        lanes.run(personality, async (scenario) => {
          await scenario.fresh();
          if (GRAPHQL.includes(queryType) && (personality.graphqlSampleInterval ?? 1) > 1) {
            await assertSampled(scenario, queryType);
          } else if (isLate(personality) && REST.includes(queryType)) {
            await assertCatchesUp(scenario, queryType);
          } else {
            const known = kept(queryType, personality, scenario.now);
            for (const fromAlert of [false, true]) {
              const verdicts = await scenario.ask(queryType, { fromAlert, known });
              t.diagnostic(`${fromAlert ? 'alert' : 'panel'}: ${Object.values(verdicts).join(', ')}`);
            }
          }
        }));
    }
  }

  /** Counts of a sample are estimates, and say so. */
  async function assertSampled(scenario: Scenario, queryType: EventTypeName): Promise<void> {
    for (const { coverage, notices } of await scenario.coverages(queryType)) {
      assert.equal(coverage.sampled, true, JSON.stringify(coverage));
      assert.ok(
        notices.some((text) => text.includes('sample')),
        notices.join('\n')
      );
    }
  }

  /** Rows that are not there yet cannot be shown, older ones must be, and all of them once they have arrived. */
  async function assertCatchesUp(scenario: Scenario, queryType: EventTypeName): Promise<void> {
    await scenario.holdsAtLeast(queryType, ({ time }) => time < scenario.now - ARRIVAL);
    scenario.simulator.simulation.clock.advance(ARRIVAL);
    // The account's clock stands still: what happened since may not have arrived yet.
    await scenario.catchesUp(queryType, ({ time }) => time < scenario.now);
  }
});
