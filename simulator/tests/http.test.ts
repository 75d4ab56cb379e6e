import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCOUNT_ID, GLOBAL_KEY, GLOBAL_KEY_EMAIL, startSimulator } from '../index';
import { readCommand } from '../command';
import { bearer, NOW, start } from './support';

test('credentials and routes', async (t) => {
  const client = await start();
  const codes = async (headers: Record<string, string>, path: string) => {
    const { status, body } = await client.as(headers).get(path);
    assert.equal(body.success, status === 200);
    return [status, body.errors[0]?.code, body.errors[0]?.error_chain?.[0].code];
  };
  const logs = `/accounts/${ACCOUNT_ID}/access/logs/access_requests?limit=1`;

  await t.test('Cloudflare’s codes', async () => {
    const unknown = { authorization: `Bearer ${'x'.repeat(40)}` };
    const cases: Array<[Record<string, string>, string, unknown[]]> = [
      [{}, logs, [400, 9106, undefined]],
      [{ authorization: 'Bearer short' }, logs, [400, 6003, 6111]],
      [unknown, logs, [401, 9109, undefined]],
      [bearer('disabled'), logs, [401, 9109, undefined]],
      [{ 'x-auth-email': GLOBAL_KEY_EMAIL, 'x-auth-key': 'a-token-in-the-wrong-field' }, logs, [400, 6003, 6103]],
      [{ 'x-auth-email': GLOBAL_KEY_EMAIL, 'x-auth-key': '0'.repeat(37) }, logs, [403, 9103, undefined]],
      [{ 'x-auth-email': GLOBAL_KEY_EMAIL, 'x-auth-key': GLOBAL_KEY }, logs, [200, undefined, undefined]],
      [bearer('graphql-only'), logs, [403, 10000, undefined]],
      [bearer('full-access'), logs.replace(ACCOUNT_ID, '1'.repeat(32)), [403, 7403, undefined]],
      [bearer('full-access'), logs.replace(ACCOUNT_ID, 'not-an-account'), [404, 7003, undefined]],
      [bearer('full-access'), '/nowhere', [404, 7003, undefined]],
    ];
    for (const [headers, path, expected] of cases) {
      assert.deepEqual(await codes(headers, path), expected, `${JSON.stringify(headers)} ${path}`);
    }
  });

  await t.test('verify tells the status, not the permissions', async () => {
    const verify = async (name: string, path: string) => {
      const { status, body } = await client.as(bearer(name)).get(path);
      const result = body.result as unknown as { status: string } | null;
      return [status, result?.status, body.messages[0]?.code ?? body.errors[0]?.code];
    };
    const account = `/accounts/${ACCOUNT_ID}/tokens/verify`;
    assert.deepEqual(await verify('full-access', '/user/tokens/verify'), [200, 'active', 10000]);
    assert.deepEqual(await verify('no-permissions', '/user/tokens/verify'), [200, 'active', 10000]);
    assert.deepEqual(await verify('expired', '/user/tokens/verify'), [200, 'expired', undefined]);
    assert.deepEqual(await verify('account-owned', '/user/tokens/verify'), [401, undefined, 1000]);
    assert.deepEqual(await verify('account-owned', account), [200, 'active', 10000]);
    assert.deepEqual(await verify('full-access', account), [401, undefined, 1000]);
  });

  await t.test('a token reaches what its permissions say', async () => {
    const base = `/accounts/${ACCOUNT_ID}/access`;
    const reach = async (name: string) => {
      const asked = [
        '/logs/access_requests',
        '/users',
        '/logs/scim/updates?idp_id=a',
        '/identity_providers',
        '/apps',
        '/service_tokens',
        '/certificates',
      ];
      const got = await Promise.all(asked.map(async (path) => (await client.as(bearer(name)).get(base + path)).status));
      const graphql = await client
        .as(bearer(name))
        .graphql(`{ viewer { accounts(filter: { accountTag: "${ACCOUNT_ID}" }) { accountTag } } }`);
      return [...got, graphql.body.errors?.[0].message ?? 'ok'];
    };
    const denied = 'not authorized for that account';
    assert.deepEqual(await reach('full-access'), [200, 200, 200, 200, 200, 200, 200, 'ok']);
    assert.deepEqual(await reach('audit-logs-only'), [200, 200, 403, 403, 403, 403, 403, denied]);
    assert.deepEqual(await reach('no-graphql'), [200, 200, 200, 200, 200, 200, 200, denied]);
    assert.deepEqual(await reach('graphql-only'), [403, 403, 403, 403, 403, 403, 403, 'ok']);
    assert.deepEqual(await reach('no-permissions'), [403, 403, 403, 403, 403, 403, 403, denied]);
    assert.equal((await client.as({}).graphql('{ viewer { budget } }')).status, 401);
  });

  await t.test('accounts', async () => {
    assert.equal((await client.get('/accounts')).body.result?.length, 2);
    assert.equal((await client.get('/accounts?name=subsidiary')).body.result?.length, 1);
    assert.equal((await client.as(bearer('no-permissions')).get('/accounts')).body.result?.length, 0);
    assert.equal((await client.account('')).status, 200);
  });
});

test('the budget', async (t) => {
  const client = await start({ rest: { limit: 5 }, graphql: { limit: 3 } });
  const call = () => client.get('/user/tokens/verify');
  const { clock } = client.simulator.simulation;

  await t.test('headers count down, and going over blocks for five minutes', async () => {
    for (let left = 4; left >= 0; left--) {
      const { status, headers } = await call();
      assert.equal(status, 200);
      assert.match(headers.get('ratelimit') ?? '', new RegExp(`^"default";r=${left};t=\\d+$`));
      assert.equal(headers.get('ratelimit-policy'), '"default";q=5;w=300');
    }
    const refused = await call();
    assert.equal(refused.status, 429);
    assert.equal(refused.body.errors[0].code, 971);
    assert.ok(Number(refused.headers.get('retry-after')) > 290);
    assert.equal(refused.headers.get('ratelimit'), null);
    clock.advance(200_000);
    assert.equal((await call()).status, 429);
    clock.advance(101_000);
    assert.equal((await call()).status, 200);
  });

  await t.test('GraphQL has its own, and says what is left', async () => {
    const ask = () => client.graphql('{ viewer { budget } }');
    assert.equal((await ask()).body.data?.viewer.budget, 2);
    await ask();
    await ask();
    const refused = await ask();
    assert.equal(refused.status, 429);
    assert.match(refused.body.errors?.[0].message ?? '', /^rate limiter budget depleted, try again after 5 minutes$/);
    assert.equal((await call()).status, 200);
  });

  await t.test('another credential has its own', async () => {
    for (let i = 0; i < 8; i++) {
      await call();
    }
    assert.equal((await call()).status, 429);
    assert.equal((await client.as(bearer('no-permissions')).get('/user/tokens/verify')).status, 200);
  });
});

test('the command line', async (t) => {
  await t.test('is read', () => {
    const options = readCommand([
      '--port',
      '0',
      '--scale=20',
      '--quiet',
      '--personality',
      'tied,late',
      '--set',
      'maxPerPage=7',
      '--now',
      '2026-03-04T15:30:12.345Z',
    ]);
    assert.equal(options.port, 0);
    assert.equal(options.scale, 20);
    assert.equal(options.quiet, true);
    assert.equal(options.frozenAt, NOW);
    assert.equal(options.personality?.tieOrder, 'perPage');
    assert.equal(options.personality?.lateShare, 0.05);
    assert.equal(options.personality?.maxPerPage, 7);
  });

  await t.test('is refused with what is allowed', () => {
    for (const [args, message] of [
      [['--port', 'x'], /--port must be a number from 0 to 65535/],
      [['--scale=-1'], /--scale must be a number/],
      [['--now', 'noon'], /--now must be an RFC 3339 time/],
      [['--personality', 'odd'], /no personality "odd"/],
      [['--set', 'tieOrder=random'], /Allowed: `stable`, `perPage`/],
      [['--set', 'nothing=1'], /There is no setting "nothing"/],
      [['--set', 'timestampQuantumMs=7'], /must divide a minute/],
    ] as Array<[string[], RegExp]>) {
      assert.throws(() => readCommand(args), message);
    }
  });

  await t.test('starts a process that says where it is and ends when told', async () => {
    const main = join(__dirname, '..', 'main.ts');
    const child = spawn(process.execPath, [
      ...process.execArgv.filter((arg) => !arg.startsWith('--test')),
      main,
      '--port',
      '0',
    ]);
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      output += chunk.toString();
      if (output.includes('README')) {
        break;
      }
    }
    const [, url] = /account: (http:\S+)/.exec(output) ?? [];
    const [, account, token] = /Account (\w+), token (\S+)/.exec(output) ?? [];
    const response = await fetch(`${url}/accounts/${account}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(response.status, 200, output);
    await response.text();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });

  await t.test('a port that is taken is an error', async () => {
    const simulator = await startSimulator({ port: 0 });
    await assert.rejects(startSimulator({ port: simulator.port }), /EADDRINUSE/);
    await simulator.close();
  });
});
