/** The executable's calls, and the answers that it works on, are as Cloudflare describes them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { catalogue, EVENT_TYPES, type CatalogueField, type EventTypeName, type Kind } from '../../catalogue';
import { startSimulator, type Simulator } from '../../simulator';
import { startExecutable, type DataSource, type Executable, type Filter, type Result } from '../harness/executable';
import { GraphQlContract } from './graphql';
import { OpenApi } from './openapi';
import { startRecorder, type RecordedCall, type Recorder } from './recorder';
import { readSpec, skip } from './specs';

const HOUR = 3_600_000;
const ID = '6f1c2a3b-4d5e-4f60-8a7b-9c0d1e2f3a4b';

/** A value that a filter on a field of this kind takes. */
const VALUE: Record<Kind, (field: CatalogueField, operator: string) => string> = {
  // Such that no condition, on whole days too, leaves the last hours empty: then there would be nothing to ask.
  time: (_, operator) => new Date(Date.now() - (operator.startsWith('>') ? 30 : 3) * HOUR).toISOString(),
  string: () => 'wiki',
  boolean: () => 'true',
  enum: (field) => field.values?.[0].value ?? assert.fail(`${field.name} has no values`),
  email: () => 'a.person@example.com',
  ip: () => '192.0.2.1',
  country: () => 'GB',
  rayId: () => '8d3f2c1b0a9e7f65',
  uuid: () => ID,
  json: () => '{}',
  number: () => '1',
  duration: () => '1',
};

/** Every filter that the catalogue hands on to Cloudflare. */
const PUSHED = EVENT_TYPES.flatMap((queryType) =>
  catalogue[queryType].fields.flatMap((field) =>
    Object.keys(field.upstream ?? {}).map((operator) => ({ queryType, field, operator }))
  )
);

describe('executable', { skip }, () => {
  let simulator: Simulator;
  let recorder: Recorder;
  let executable: Executable;
  let source: DataSource;

  before(async () => {
    simulator = await startSimulator({ port: 0 });
    recorder = await startRecorder(simulator.apiUrl);
    executable = await startExecutable();
    [source] = executable.dataSources;
    await source.configure(recorder.apiUrl, { cacheLimitMb: 0 });
  });

  after(async () => {
    await executable.close();
    await recorder.close();
    await simulator.close();
  });

  async function query(queryType: EventTypeName, format: string, filters: Filter[]): Promise<Result> {
    const now = simulator.simulation.clock.now();
    const results = await source.query({ from: now - 6 * HOUR, to: now }, [{ refId: 'A', queryType, format, filters }]);
    return results.A;
  }

  async function assertDescribed(calls: RecordedCall[]): Promise<void> {
    assert.notEqual(calls.length, 0, 'no call was made');
    const openApi = new OpenApi(readSpec('access.openapi.json'));
    const graphQl = new GraphQlContract(readSpec('access.graphql'));
    for (const call of calls) {
      assert.deepEqual(call.path === '/graphql' ? await graphQl.problems(call) : openApi.problems(call), []);
    }
  }

  // Before Save & test, which remembers what it has seen.
  for (const resource of ['accounts', 'apps', 'identity-providers', 'users?search=a']) {
    test(`resource ${resource}`, async () => {
      const answer = await source.resource(resource);
      assert.equal(answer.status, 200, await answer.text());
      await assertDescribed(recorder.calls.splice(0));
    });
  }

  test('Save & test', async () => {
    const answer = await source.health();
    assert.equal(answer.status, 200, await answer.text());
    await assertDescribed(recorder.calls.splice(0));
  });

  for (const { queryType, field, operator } of PUSHED) {
    test(`${queryType}: ${field.name} ${operator}`, async () => {
      const { requiredFilters } = catalogue[queryType];
      const tested = { field: field.name, operator, values: [VALUE[field.kind](field, operator)] };
      const filters = requiredFilters.includes(field.name) ? [] : [tested];
      const { error } = await query(queryType, 'table', [...required(queryType), ...filters]);
      assert.equal(error, undefined);
      await assertDescribed(recorder.calls.splice(0));
    });
  }

  for (const queryType of EVENT_TYPES) {
    for (const format of ['table', 'time_series', 'logs']) {
      test(`${queryType} as ${format}, without a filter`, async () => {
        const { error } = await query(queryType, format, required(queryType));
        assert.equal(error, undefined);
        await assertDescribed(recorder.calls.splice(0));
      });
    }
  }

  /** Filters without which the query type is refused. */
  function required(queryType: EventTypeName): Filter[] {
    const [person] = simulator.simulation.world.organisation.people;
    return catalogue[queryType].requiredFilters.map((field) => ({ field, operator: '=', values: [person.id] }));
  }
});
