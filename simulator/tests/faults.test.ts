import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_KINDS, type FaultName, type FaultRequest } from '../index';
import { FaultPlan } from '../faults/faults';
import { HOUR, iso, NOW, start, type LoginRow } from './support';

interface State {
  faults: Array<{ kind: string; struck: number; seen: number }>;
  personality: Record<string, unknown>;
  error?: string;
}

test('faults', async (t) => {
  const client = await start({ rest: { limit: 0 } });
  const path = `/accounts/0123456789abcdef0123456789abcdef/access/logs/access_requests?per_page=10&since=${iso(NOW - HOUR)}&until=${iso(NOW)}`;
  const put = async (...faults: FaultRequest[]) => {
    const { status, body } = await client.control<State>('POST', '/faults', { clear: true, faults });
    assert.equal(status, 200, body.error);
  };
  const text = async () => {
    const response = await client.raw(path);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const good = await text();

  const checks: Record<FaultName, () => Promise<void>> = {
    rateLimited: async () => {
      const answer = await text();
      assert.equal(answer.status, 429);
      assert.equal(answer.headers.get('retry-after'), '2');
      assert.match(answer.text, /"code":971/);
    },
    rateLimitedBare: async () => {
      const answer = await text();
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, null]);
    },
    throttledOk: async () => {
      const answer = await text();
      assert.equal(answer.status, 200);
      assert.match(answer.text, /"success":false.*"code":971/);
    },
    serverErrorJson: async () =>
      assert.match(`${(await text()).status} ${(await text()).text}`, /^500 \{"success":false/),
    serverErrorHtml: async () => {
      const answer = await text();
      assert.equal(answer.status, 502);
      assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(answer.text, /^<!DOCTYPE html>/);
    },
    serverErrorEmpty: async () => assert.deepEqual([(await text()).status, (await text()).text], [503, '']),
    authenticationFlap: async () =>
      assert.match(`${(await text()).status} ${(await text()).text}`, /^403 .*"code":10001/),
    redirect: async () => {
      const answer = await text();
      assert.deepEqual([answer.status, answer.headers.get('location')], [302, '/client/v4/elsewhere']);
    },
    htmlOk: async () => assert.match(`${(await text()).status} ${(await text()).text}`, /^200 <!DOCTYPE html>/),
    emptyOk: async () => assert.deepEqual([(await text()).status, (await text()).text], [200, '']),
    hang: async () => {
      const controller = new AbortController();
      const answer = client.raw(path, { signal: controller.signal });
      // Another call gets its answer while this one waits.
      await client.control('GET', '/faults');
      controller.abort();
      await assert.rejects(answer, { name: 'AbortError' });
    },
    reset: async () => assert.rejects(text()),
    resetMidway: async () => assert.rejects(text()),
    truncatedJson: async () => {
      const answer = await text();
      assert.equal(answer.status, 200);
      assert.equal(good.text.startsWith(answer.text), true);
      assert.throws(() => JSON.parse(answer.text) as unknown, SyntaxError);
    },
    slow: async () => assert.equal((await text()).text, good.text),
    duplicateRows: async () => {
      const { result } = JSON.parse((await text()).text) as { result: unknown[] };
      assert.equal(result.length, 13);
      assert.deepEqual(result.slice(10), result.slice(7, 10));
    },
    nullResult: async () => assert.match((await text()).text, /^\{"result":null,"success":true/),
    shiftedPages: async () => {
      const page = async (number: number) =>
        client.logins({ since: iso(NOW - HOUR), until: iso(NOW), per_page: 10, page: number });
      const first: LoginRow[] = await page(1);
      const second = await page(2);
      assert.deepEqual(second.slice(0, 3), first.slice(-3));
      // It has moved twice now, so the third page repeats three rows more.
      assert.deepEqual((await page(3)).slice(0, 3), second.slice(-3));
      assert.deepEqual(await page(1), first);
    },
    personality: async () => assert.equal((JSON.parse((await text()).text) as { result: unknown[] }).result.length, 2),
  };

  for (const kind of Object.keys(FAULT_KINDS) as FaultName[]) {
    await t.test(kind, async () => {
      await put({
        kind,
        ...(kind === 'personality' ? { set: { maxPerPage: 2 } } : {}),
        ...(kind === 'slow' ? { parameters: { delayMs: 1 } } : {}),
      });
      await checks[kind]();
      await put();
      assert.equal((await text()).text, good.text);
    });
  }

  await t.test('count, skip and surface say which calls', async () => {
    await put({ kind: 'serverErrorJson', surface: 'access_requests', skip: 1, count: 2 });
    assert.equal((await client.account('/access/users')).status, 200);
    const got: number[] = [];
    for (let i = 0; i < 5; i++) {
      got.push((await text()).status);
    }
    assert.deepEqual(got, [200, 500, 500, 200, 200]);
    const { body } = await client.control<State>('GET', '/faults');
    assert.deepEqual(
      body.faults.map(({ kind, struck }) => [kind, struck]),
      [['serverErrorJson', 2]]
    );
  });

  await t.test('a probability strikes the same calls for the same seed', () => {
    const struck = (seed: number) => {
      const plan = new FaultPlan(seed, ['users']);
      plan.add([{ kind: 'reset', probability: 0.2 }]);
      return Array.from({ length: 500 }, () => plan.strike('users').length);
    };
    assert.deepEqual(struck(1), struck(1));
    assert.notDeepEqual(struck(1), struck(2));
    const share = struck(1).reduce((sum, one) => sum + one, 0) / 500;
    assert.ok(share > 0.12 && share < 0.28, `${share}`);
  });

  await t.test('wrong requests change nothing and say what is allowed', async () => {
    await put();
    for (const [body, message] of [
      [{ faults: [{ kind: 'fire' }] }, /There is no fault "fire"/],
      [{ faults: [{ kind: 'reset', surface: 'moon' }] }, /There is no surface "moon"/],
      [{ faults: [{ kind: 'reset', count: -1 }] }, /"count" must be a whole number/],
      [{ faults: [{ kind: 'reset', probability: 2 }] }, /"probability" must be between 0 and 1/],
      [{ faults: [{ kind: 'slow', parameters: { delayMs: 'long' } }] }, /"slow" does not take "delayMs"/],
      [{ faults: [{ kind: 'personality', set: { maxPerPage: 'many' } }] }, /"maxPerPage" cannot be/],
      [{ preset: 'odd' }, /There is no personality "odd"/],
      [{ personality: { nothing: 1 } }, /There is no setting "nothing"/],
      [{ limits: { rest: { burst: 3 } } }, /"burst" cannot be 3/],
      [{ fault: [] }, /Unknown: fault/],
    ] as Array<[unknown, RegExp]>) {
      const answer = await client.control<State>('POST', '/faults', body);
      assert.equal(answer.status, 400);
      assert.match(answer.body.error ?? '', message);
    }
    assert.deepEqual((await client.control<State>('GET', '/faults')).body.faults, []);
    assert.equal((await client.control('GET', '/nothing')).status, 404);
  });

  await t.test('calls are logged without secrets', async () => {
    await client.control('DELETE', '/calls');
    await text();
    await client.graphql('{ viewer { budget } }');
    const { body } = await client.control<{
      total: number;
      counts: Record<string, number>;
      calls: Array<Record<string, unknown>>;
    }>('GET', '/calls');
    assert.equal(body.total, 2);
    assert.deepEqual(body.counts, { access_requests: 1, graphql: 1 });
    assert.deepEqual([body.calls[0].status, body.calls[0].rows, body.calls[0].credential], [200, 10, 'full-access']);
    assert.ok(!JSON.stringify(body).includes('simulated-'));
  });

  await t.test('settings change at run time, and reset brings the start back', async () => {
    await client.control('POST', '/faults', {
      preset: 'smallPages',
      personality: { resultInfo: 'absent' },
      limits: { rest: { limit: 1 } },
    });
    await text();
    assert.equal((await text()).status, 429);
    const { body } = await client.control<State>('POST', '/faults', { reset: true });
    assert.equal(body.personality.maxPerPage, 1000);
    assert.equal((await text()).text, good.text);
  });

  await t.test('the truth can be asked, and the clock set', async () => {
    const ask = async (query: string) =>
      (await client.control<{ count: number; error?: string }>('GET', `/truth?${query}`)).body;
    const hour = `surface=access_requests&from=${NOW - HOUR}&to=${iso(NOW)}`;
    const { count } = await ask(hour);
    assert.equal(count, client.simulator.truth({ surface: 'access_requests', from: NOW - HOUR, to: NOW }).length);
    assert.equal((await ask(`${hour}&rows=false`)).count, count);
    assert.match((await ask('surface=x')).error ?? '', /surface must be one of/);
    assert.match((await ask('surface=failed_logins')).error ?? '', /needs the UUID/);
    assert.match((await ask('surface=scim_updates&from=noon')).error ?? '', /not a time/);
    await client.control('POST', '/clock', { now: iso(NOW - HOUR / 2) });
    assert.ok((await ask(hour)).count < count);
    await client.control('POST', '/clock', { advanceMs: HOUR / 2 });
    assert.equal((await ask(hour)).count, count);
  });
});

test('a feed that moves at random pages repeats rows and loses none', async () => {
  const client = await start({
    rest: { limit: 0 },
    faults: [{ kind: 'shiftedPages', probability: 0.5, parameters: { rows: 7 } }],
  });
  const [from, to] = [NOW - 3 * HOUR, NOW];
  const truth = client.simulator.truth({ surface: 'access_requests', from, to }).map((row) => row.ray_id ?? '');
  const seen: string[] = [];
  for (let page = 1; ; page++) {
    const rows = await client.logins({ since: iso(from), until: iso(to), per_page: 50, page });
    if (rows.length === 0) {
      break;
    }
    seen.push(...rows.map((row) => row.ray_id));
  }
  assert.ok(seen.length > truth.length);
  assert.deepEqual(new Set(seen), new Set(truth));
});
