/** The simulated account's answers are as Cloudflare describes its own. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ACCOUNT_ID, credentialNamed, startSimulator, type Simulator } from '../../simulator';
import { ENDPOINTS } from '../../simulator/http/router';
import { GraphQlContract } from './graphql';
import { OpenApi } from './openapi';
import { startRecorder, type Recorder } from './recorder';
import { readSpec, skip } from './specs';

const REST = ENDPOINTS.filter(({ method }) => method === 'GET');
const SETTINGS_QUERY = `query ($account: string!, $filter: AccountAccessLoginRequestsAdaptiveGroupsFilter_InputObject!) {
  viewer { accounts(filter: { accountTag: $account }) {
    settings { accessLoginRequestsAdaptiveGroups { maxDuration maxPageSize notOlderThan maxNumberOfFields enabled } }
    byOutcome: accessLoginRequestsAdaptiveGroups(filter: $filter, limit: 100, orderBy: [datetimeMinute_ASC]) {
      count avg { sampleInterval } dimensions { datetimeMinute isSuccessfulLogin }
    }
  } }
}`;

describe('simulated account', { skip }, () => {
  let simulator: Simulator;
  let recorder: Recorder;
  let openApi: OpenApi;
  let ids: Record<string, string>;
  let identityProvider: string;

  before(async () => {
    simulator = await startSimulator({ port: 0 });
    recorder = await startRecorder(simulator.apiUrl);
    openApi = new OpenApi(readSpec('access.openapi.json'));
    const first = async (list: string) => {
      const answer = await get(`/accounts/${ACCOUNT_ID}/access/${list}`);
      const { result } = (await answer.json()) as { result: Array<{ id: string }> };
      return result[0].id;
    };
    ids = { account_id: ACCOUNT_ID, user_id: await first('users'), app_id: await first('apps') };
    identityProvider = await first('identity_providers?scim_enabled=true');
  });

  after(async () => {
    await recorder.close();
    await simulator.close();
  });

  function get(path: string, credential = 'full-access'): Promise<Response> {
    const headers = { authorization: `Bearer ${credentialNamed(credential).token}` };
    return fetch(recorder.apiUrl + path, { headers });
  }

  function pathOf(endpoint: (typeof REST)[number]): string {
    const path = endpoint.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? assert.fail(`no ${name}`));
    return path.endsWith('/scim/updates') ? `${path}?idp_id=${identityProvider}` : path;
  }

  for (const endpoint of REST) {
    test(`${endpoint.path} answers as described`, async () => {
      const accountOwned = endpoint.path === '/accounts/{account_id}/tokens/verify';
      const answer = await get(pathOf(endpoint), accountOwned ? 'account-owned' : 'full-access');
      assert.equal(answer.status, 200);
      assert.deepEqual(openApi.problems(recorder.calls.at(-1) ?? assert.fail()), []);
    });
  }

  for (const endpoint of REST.filter(({ permission }) => permission)) {
    test(`${endpoint.path} refuses as described`, async () => {
      const answer = await get(pathOf(endpoint), 'no-permissions');
      assert.equal(answer.status, 403);
      assert.deepEqual(openApi.problems(recorder.calls.at(-1) ?? assert.fail()), []);
    });
  }

  test('GraphQL answers as its schema says', async () => {
    const now = simulator.simulation.clock.now();
    const filter = {
      datetime_geq: new Date(now - 3_600_000).toISOString(),
      datetime_leq: new Date(now).toISOString(),
    };
    const answer = await fetch(`${recorder.apiUrl}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credentialNamed('full-access').token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: SETTINGS_QUERY, variables: { account: ACCOUNT_ID, filter } }),
    });
    assert.equal(answer.status, 200);
    const { errors } = (await answer.json()) as { errors: unknown };
    assert.deepEqual(errors ?? [], []);
    const contract = new GraphQlContract(readSpec('access.graphql'));
    assert.deepEqual(await contract.problems(recorder.calls.at(-1) ?? assert.fail()), []);
  });
});
