import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Failure } from './failure';
import { outputOf, run, start, stop } from './processes';

const node = process.execPath;

/** Says when its own child runs, which holds the same output open. Neither of them ends by itself. */
const WITH_GRANDCHILD = `
  const { spawn } = require('node:child_process');
  const options = { stdio: ['ignore', 'inherit', 'ignore'] };
  spawn(process.execPath, ['-e', 'console.log("ready"); setInterval(() => {}, 1000)'], options);
  setInterval(() => {}, 1000);
`;

test('stop ends a child and what it started', { skip: process.platform === 'win32' }, async () => {
  const child = start(node, ['-e', WITH_GRANDCHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(child.stdout);
  await once(child.stdout, 'data');
  const closed = once(child, 'close');
  await stop(child);
  // The pipe closes when its last holder, the grandchild, has gone.
  await closed;
  assert.equal(child.signalCode, 'SIGTERM');
});

test('run fails with the command and its status', async () => {
  await assert.rejects(run(node, ['-e', 'process.exit(3)'], { stdio: 'ignore' }), (error) => {
    return error instanceof Failure && /process\.exit\(3\) failed with status 3/.test(error.message);
  });
});

test('a command that does not exist is told from one that fails', async () => {
  await assert.rejects(run('no-such-command', []), /no-such-command doesn't start/);
  assert.equal(await outputOf('no-such-command', []), undefined);
  assert.equal(await outputOf(node, ['-e', 'console.log(1); process.exit(1)']), undefined);
  assert.equal(await outputOf(node, ['-e', 'console.log(1)']), '1\n');
});
