/** Detections at their edges: windows that move, what they cost, answers without rows, and questions that make no sense. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AttackRequest } from '../../simulator';
import type { Frame, Query, Range, Result } from '../harness/executable';
import { rowsOf } from './detections';
import { HOUR } from './questions';
import { Lanes, type Scenario } from './scenario';

const MINUTE = 60_000;
const DAY = 24 * HOUR;

const blocked = { field: 'outcome', operator: '=', values: ['blocked'] };
const allowed = { field: 'outcome', operator: '=', values: ['allowed'] };
const base: Query = { refId: 'A', queryType: 'access_requests', format: 'table', limit: 20_000 };
const groups: Query = { ...base, queryType: 'login_groups' };
const series: Query = { ...base, format: 'time_series', intervalMs: HOUR };
const burst = {
  by: ['user_email'],
  steps: [{ filters: [blocked], atLeast: 5 }, { filters: [allowed] }],
  within: '20m',
};
const newCountry = { by: ['user_email', 'country'], history: '2d' };

/**
 * Three failures and a success of one person, again and again: with five failures to a match, every second success is
 * one, and which ones depends on the first of them, hours ago.
 */
function attacks(now: number): AttackRequest[] {
  return Array.from({ length: 60 }, (_, i) => ({
    attack: 'burst_then_success',
    at: new Date(now - 11 * HOUR + i * 4 * MINUTE).toISOString(),
    attempts: 4,
    minutes: 4,
    user: 'ada.abbott@example.com',
  }));
}

function frameOf({ error, frames }: Result): Frame {
  assert.ok(frames?.[0], error);
  const { coverage } = frames[0].schema.meta?.custom ?? {};
  assert.equal(coverage?.complete, true, coverage?.reason);
  return frames[0];
}

/** Queries with names, in one request. */
async function ask({ source }: Scenario, range: Range, queries: Query[]): Promise<Result[]> {
  const named = queries.map((query, i) => ({ ...query, refId: `Q${i}` }));
  const results = await source.query(range, named);
  return named.map(({ refId }) => results[refId]);
}

describe('detections at their edges', () => {
  let lanes: Lanes;
  before(async () => {
    lanes = await Lanes.start(attacks, 1);
  });
  after(() => lanes.close());

  test('a window is answered as its parts are, wherever it is cut', () =>
    lanes.run({}, async (scenario) => {
      await scenario.fresh();
      const { now } = scenario;
      const time = ['created_at', 'user_email', 'country', 'ray_id'];
      const queries: Query[] = [
        { ...base, fields: time, sequence: burst },
        {
          ...base,
          fields: time,
          sequence: { ...burst, within: '1h', steps: [...burst.steps, { filters: [blocked] }] },
        },
        { ...base, fields: time, firstSeen: newCountry },
        { ...groups, fields: ['datetime', 'cfRayId'], sequence: { ...burst, by: ['userUuid'] } },
        { ...groups, fields: ['datetime', 'cfRayId'], firstSeen: { by: ['userUuid', 'country'], history: '2d' } },
      ];
      const rows = async (from: number, to: number) =>
        (await ask(scenario, { from, to }, queries)).map((result) => rowsOf(frameOf(result)));
      const [start, end] = [now - 12 * HOUR, now - 6 * HOUR];
      const whole = await rows(start, end);
      whole.forEach((found, i) => assert.ok(found.length > 2, `Q${i} finds nothing`));
      for (let middle = now - 10 * HOUR; middle < now - 7 * HOUR; middle += 17 * MINUTE) {
        const [early, late] = [await rows(start, middle), await rows(middle + 1, end)];
        whole.forEach((found, i) => assert.deepEqual([...late[i], ...early[i]], found, `Q${i} at ${middle}`));
      }
    }));

  test('twelve detections cost what one scan of their history does', () =>
    lanes.run({}, async (scenario) => {
      const range = { from: scenario.now - 6 * HOUR, to: scenario.now };
      const history = '3d';
      const detections: Query[] = [
        ...['user_email', 'country', 'ip_address', 'app_name', 'connection'].map((field) => ({
          ...base,
          firstSeen: { by: [field], history },
        })),
        { ...base, firstSeen: { by: ['user_email', 'ip_address'], history }, filters: [allowed] },
        { ...series, firstSeen: { by: ['user_email', 'app_name'], history }, groupBy: ['outcome'] },
        { ...base, sequence: burst },
        { ...base, sequence: { ...burst, by: ['ip_address'], within: '12h' } },
        { ...base, groupBy: ['ip_address'], measure: { type: 'distinct', field: 'user_email' }, filters: [blocked] },
        { ...series, groupBy: ['outcome'], compare: { shift: '1d', times: 2 } },
        { ...series, groupBy: [], filters: [blocked], compare: { shift: '12h', times: 4, show: 'deviation' } },
      ];
      const { calls } = scenario.simulator.simulation;
      const cost = async (queries: Query[], from: number) => {
        await scenario.fresh();
        calls.clear();
        (await ask(scenario, { from, to: range.to }, queries)).forEach(frameOf);
        return calls.report().counts.access_requests;
      };
      const scan = await cost([base], range.from - 3 * DAY);
      const all = await cost(detections, range.from);
      assert.ok(scan > 10, `a scan is only ${scan} calls`);
      assert.ok(all <= 1.2 * scan, `${all} calls, and a scan is ${scan}`);
      calls.clear();
      (await ask(scenario, range, detections)).forEach(frameOf);
      // What was there before is kept; only the youngest rows are asked for again.
      const again = calls.report().counts.access_requests ?? 0;
      assert.ok(again <= 3, `${again} calls for the same again`);
    }));

  test('answers without rows have the same columns as those with some', () =>
    lanes.run({}, async (scenario) => {
      await scenario.fresh();
      const { now } = scenario;
      const range = { from: now - DAY, to: now };
      const distinct = { type: 'distinct', field: 'user_email' };
      const queries: Query[] = [
        { ...base, firstSeen: newCountry },
        { ...base, fields: ['created_at', 'user_email'], firstSeen: newCountry },
        { ...base, sequence: burst },
        { ...base, fields: ['created_at', 'user_email'], sequence: burst },
        { ...base, groupBy: ['ip_address', 'country'], measure: distinct, having: { operator: '>=', value: 1 } },
        { ...base, groupBy: ['user_email'], sequence: burst },
        { ...base, measure: distinct },
        { ...base, format: 'logs', firstSeen: newCountry },
        { ...base, format: 'logs', sequence: burst },
        { ...groups, fields: ['datetime', 'user_email'], sequence: { ...burst, by: ['userUuid'] } },
        { ...groups, groupBy: ['serviceTokenName'], firstSeen: { by: ['serviceTokenId', 'ipAddress'], history: '1d' } },
      ];
      const nobody = { field: 'country', operator: '=', values: ['AQ'] };
      const [some, none] = [
        await ask(scenario, range, queries),
        await ask(
          scenario,
          range,
          queries.map((query) => ({ ...query, filters: [nobody] }))
        ),
      ];
      const columns = (result: Result) => frameOf(result).schema.fields.map(({ name, type }) => `${name} ${type}`);
      queries.forEach((query, i) => {
        assert.ok(rowsOf(frameOf(some[i])).length > 0, `Q${i} finds nothing`);
        assert.deepEqual(columns(none[i]), columns(some[i]), JSON.stringify(query));
        const isOneNumber = query.measure !== undefined && query.groupBy === undefined;
        assert.deepEqual(rowsOf(frameOf(none[i])), isOneNumber ? [{ distinct_user_email: 0 }] : []);
      });
      const seriesOf = { ...series, filters: [nobody], groupBy: ['outcome'] };
      for (const result of await ask(scenario, range, [
        { ...seriesOf, measure: distinct },
        { ...seriesOf, firstSeen: newCountry },
        { ...seriesOf, sequence: burst },
        { ...seriesOf, compare: { shift: '1d' } },
      ])) {
        const [time, count] = frameOf(result).data.values;
        assert.ok(time.length >= 24);
        assert.ok(count.every((value) => value === 0));
      }
    }));

  test('a history that is not there is told', () =>
    lanes.run({ graphqlNotOlderThan: DAY / 1000, retentionDays: 1 }, async (scenario) => {
      const { now } = scenario;
      const range = { from: now - 2 * HOUR, to: now };
      const answers = async (query: Query, fromAlert = false) => {
        const { error, frames } = (await scenario.source.query(range, [query], fromAlert))[query.refId];
        const { custom, notices = [] } = frames?.[0]?.schema.meta ?? {};
        return { error, coverage: custom?.coverage, said: notices.map(({ text }) => text).join(' ') };
      };
      await scenario.fresh();
      // GraphQL tells how far it reaches: what is older is missing for certain.
      const byToken: Query = { ...groups, firstSeen: { by: ['serviceTokenId'], history: '2d' } };
      const { coverage, said } = await answers(byToken);
      assert.deepEqual([coverage?.complete, coverage?.reason], [false, 'retention']);
      assert.match(said, /history/i);
      assert.match((await answers(byToken, true)).error ?? '', /history|retention/i);
      assert.equal(
        (await answers({ ...byToken, firstSeen: { by: ['serviceTokenId'], history: '20h' } })).coverage?.complete,
        true
      );
      // Nobody knows the plan of the account: that nothing came before may be all that there is.
      const byCountry = await answers({ ...base, firstSeen: newCountry });
      assert.equal(byCountry.coverage?.complete, true);
      assert.match(byCountry.said, /since|before|from/i);
      // A history that is too long for memory.
      await scenario.fresh({ maxRows: 10 });
      range.from = now - MINUTE;
      const much = await answers({ ...base, limit: 10, firstSeen: { by: ['ray_id'], history: '20h' } });
      assert.deepEqual([much.coverage?.complete, much.coverage?.reason], [false, 'max_rows']);
      assert.match(much.said, /history/i);
    }));

  test('under a mask, detections go by what is shown', () =>
    lanes.run({}, async (scenario) => {
      await scenario.fresh({ maskIdentities: 'redact' });
      const range = { from: scenario.now - DAY, to: scenario.now };
      const [users, countries, first, led] = await ask(scenario, range, [
        { ...base, measure: { type: 'distinct', field: 'user_email' } },
        { ...base, measure: { type: 'distinct', field: 'country' } },
        { ...base, firstSeen: { by: ['user_email'], history: '2d' } },
        { ...base, fields: ['user_email'], sequence: burst },
      ]);
      // All people look the same, so nobody is new.
      assert.deepEqual(rowsOf(frameOf(users)), [{ distinct_user_email: 1 }]);
      assert.ok(Number(rowsOf(frameOf(countries))[0].distinct_country) > 3);
      assert.deepEqual(rowsOf(frameOf(first)), []);
      assert.ok(rowsOf(frameOf(led)).every(({ user_email }) => !String(user_email).includes('@example.com')));
    }));

  test('nonsense is refused with what is allowed, and its neighbors are answered', () =>
    lanes.run({}, async (scenario) => {
      await scenario.fresh();
      const range = { from: scenario.now - 2 * HOUR, to: scenario.now };
      const [first, last] = burst.steps;
      const steps = (count: number) => ({ ...burst, steps: Array.from({ length: count }, () => last) });
      const history = (its: unknown) => ({ ...base, firstSeen: { by: ['user_email'], history: its } });
      const within = (its: string) => ({ ...base, sequence: { ...burst, within: its } });
      const compare = (more: object) => ({ ...series, compare: { shift: '7d', ...more } });
      const distinct = (field?: string) => ({ type: 'distinct', field });
      const wrong: Array<[object, RegExp]> = [
        [{ ...base, measure: distinct('e_mail') }, /e_mail.*user_email/],
        [{ ...base, measure: distinct('temporary_access_approvers') }, /temporary_access_approvers.*user_email/],
        [{ ...base, measure: distinct() }, /user_email/],
        [{ ...base, measure: { type: 'median', field: 'user_email' } }, /median.*distinct/],
        [{ ...base, format: 'logs', measure: distinct('user_email') }, /table/],
        [{ ...base, firstSeen: { by: ['nothing'], history: '1d' } }, /nothing.*user_email/],
        [{ ...base, firstSeen: { by: [], history: '1d' } }, /user_email/],
        ...['0', '0d', '-1d', '100y', '181d', '1.5d', '', 'soon', 14, null].map((its): [object, RegExp] => [
          history(its),
          /s, m, h, d, w|number/,
        ]),
        [{ ...base, sequence: steps(1) }, /1 step.*2 to 5/],
        [{ ...base, sequence: steps(0) }, /2 to 5/],
        [{ ...base, sequence: steps(50) }, /50 steps.*2 to 5/],
        [{ ...base, sequence: { ...burst, by: ['nothing'] } }, /nothing.*user_email/],
        [{ ...base, sequence: { ...burst, steps: [{ ...first, atLeast: 0 }, last] } }, /1 to 1000|1 to 1,000/],
        [{ ...base, sequence: { ...burst, steps: [{ ...first, atLeast: 1001 }, last] } }, /1 to 1000|1 to 1,000/],
        [{ ...base, sequence: { ...burst, steps: [first, { ...last, atLeast: 2 }] } }, /last step/],
        [
          { ...base, sequence: { ...burst, steps: [{ filters: [{ ...blocked, field: 'mood' }] }, last] } },
          /mood.*outcome/,
        ],
        [within('25h'), /within/],
        [within('0m'), /within/],
        [{ ...base, sequence: burst, firstSeen: newCountry }, /firstSeen.*sequence|sequence.*firstSeen/],
        [{ ...base, compare: { shift: '7d' } }, /time_series/],
        [{ ...base, groupBy: ['country'], compare: { shift: '7d' } }, /time_series/],
        ...[0, -1, 13, 1000, 1.5].map((times): [object, RegExp] => [compare({ times }), /1 to 12|number/]),
        [compare({ show: 'everything' }), /value, baseline/],
        [compare({ shift: '0d' }), /shift/],
        [compare({ shift: '200d' }), /shift/],
        [{ ...groups, format: 'time_series', compare: { shift: '30s' } }, /minute|1m/],
        [{ ...base, having: { operator: '>=', value: 15 } }, /groupBy/],
        [{ ...series, groupBy: ['country'], having: { operator: '>=', value: 15 } }, /table/],
        [{ ...base, groupBy: ['country'], having: { operator: 'contains', value: 15 } }, /contains.*>=/],
        [{ ...base, groupBy: ['country'], having: { operator: '>=', value: 'many' } }, /number/],
        [{ ...base, queryType: 'explain', firstSeen: newCountry }, /firstSeen/],
      ];
      const neighbor: Query = { ...base, groupBy: ['outcome'] };
      const results = await ask(scenario, range, [...wrong.map(([query]) => query as Query), neighbor]);
      const unclear = wrong.flatMap(([query, says], i) => {
        const { error, status, errorSource } = results[i];
        const isRight = error !== undefined && says.test(error) && status === 400 && errorSource === 'downstream';
        return isRight ? [] : [`${JSON.stringify(query)}: ${status} ${errorSource} ${error}`];
      });
      assert.deepEqual(unclear, []);
      assert.ok(rowsOf(frameOf(results[wrong.length])).length > 0);
    }));
});
