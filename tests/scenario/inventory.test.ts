/**
 * What the account has now: the executable's answers, held against the lists that the simulated account sends. The
 * time range has nothing to do with them.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { catalogue, QUERY_TYPES, type QueryTypeName } from '../../catalogue';
import { ACCOUNT_ID, credentialNamed, startSimulator, type Simulator } from '../../simulator';
import { startExecutable, type DataSource, type Executable, type Frame, type Query } from '../harness/executable';

const DAY = 86_400_000;
/** The executable goes by the clock of the machine. */
const NOW = Date.now();
const LONG_AGO = { from: Date.UTC(2019, 0), to: Date.UTC(2019, 0, 2) };
const INVENTORIES = QUERY_TYPES.filter((queryType) => catalogue[queryType].inventory);

type Row = Record<string, unknown>;

function column(frame: Frame | undefined, name: string): unknown[] {
  assert.ok(frame);
  const at = frame.schema.fields.findIndex((field) => field.name === name);
  assert.ok(at >= 0, `there is no column ${name}`);
  return frame.data.values[at];
}

describe('inventories', () => {
  let executable: Executable;
  let simulator: Simulator;
  let source: DataSource;
  before(async () => {
    executable = await startExecutable(1);
    simulator = await startSimulator({ port: 0, rest: { limit: 0 }, graphql: { limit: 0 } });
    [source] = executable.dataSources;
  });
  after(async () => {
    await executable.close();
    await simulator.close();
  });

  async function truth(queryType: QueryTypeName): Promise<Row[]> {
    const path = catalogue[queryType].endpoint.replace('{account_id}', ACCOUNT_ID);
    const headers = { authorization: `Bearer ${credentialNamed('full-access').token}` };
    const answer = await fetch(`${simulator.apiUrl}${path}?per_page=1000`, { headers });
    const { result } = (await answer.json()) as { result: Row[] };
    return result.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
  }

  function ask(queryType: QueryTypeName, more: Partial<Query> = {}, fromAlert = false) {
    return source
      .query(LONG_AGO, [{ refId: 'A', queryType, format: 'table', ...more }], fromAlert)
      .then((results) => results.A);
  }

  for (const queryType of INVENTORIES) {
    test(`${queryType} has every row, for panels and alert rules`, async () => {
      await source.configure(simulator.apiUrl);
      const rows = await truth(queryType);
      assert.ok(rows.length > 3);
      for (const fromAlert of [false, true]) {
        const { error, frames } = await ask(queryType, {}, fromAlert);
        assert.equal(error, undefined);
        assert.equal(frames?.[0].schema.meta?.custom?.coverage?.complete, true);
        assert.deepEqual(
          column(frames?.[0], 'id'),
          rows.map(({ id }) => id)
        );
      }
    });

    test(`${queryType} names the permission that a token lacks`, async () => {
      await source.configure(simulator.apiUrl, {}, 'scim-only');
      const { error, status } = await ask(queryType);
      assert.equal(status, 403);
      assert.ok(error?.includes(catalogue[queryType].permission), error);
    });

    test(`${queryType} has no series and no logs`, async () => {
      await source.configure(simulator.apiUrl);
      for (const format of ['time_series', 'logs']) {
        const { error, status } = await ask(queryType, { format });
        assert.equal(status, 400);
        assert.match(error ?? '', /allowed are table/);
      }
    });
  }

  const EXPIRING = [
    ['service_tokens', 'expires_at'],
    ['certificates', 'expires_on'],
  ] as const;
  for (const [queryType, until] of EXPIRING) {
    test(`${queryType} tells the days that are left`, async () => {
      await source.configure(simulator.apiUrl);
      const rows = await truth(queryType);
      const { frames } = await ask(queryType, { fields: ['name', 'id', 'days_left'] }, true);
      const left = column(frames?.[0], 'days_left');
      rows.forEach((row, i) => {
        if (row.duration === 'forever') {
          assert.equal(left[i], null);
          return;
        }
        const days = (Date.parse(String(row[until])) - NOW) / DAY;
        assert.ok(
          Math.abs(Number(left[i]) - days) < 0.02,
          `${String(row.name)}: ${String(left[i])} instead of ${days}`
        );
      });
      const soon = await ask(queryType, {
        fields: ['name', 'days_left'],
        filters: [{ field: 'days_left', operator: '<', values: ['30'] }],
      });
      const about = column(soon.frames?.[0], 'days_left').map((days) => Math.floor(Number(days)));
      assert.ok(about.includes(3) && about.includes(20), String(about));
    });
  }
});
