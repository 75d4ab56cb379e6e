/**
 * The executable's process is killed, as the kernel does when memory is short: the call under way fails with a sentence, the
 * next one is answered by a new process, and nothing stays behind. The executable keeps everything in memory, so there is
 * nothing for it to find again.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { plugin } from '../../scripts/lib/paths';
import { startSimulator, type Simulator } from '../../simulator';
import { startExecutable, type Executable } from '../harness/executable';
import { Scenario } from './scenario';

const NOW = Math.floor(Date.now() / 60_000) * 60_000;
/** Everything that this executable and its host write has to be below it. */
const folder = mkdtempSync(path.join(tmpdir(), 'killed-'));
/** Processes are found in /proc, which Linux has. */
const skip = process.platform !== 'linux';

let executable: Executable;
let simulator: Simulator;
let scenario: Scenario;

before(async () => {
  executable = await startExecutable(1, { TMPDIR: folder });
  // Pages of 100 rows, so that a fetch takes several calls.
  simulator = await startSimulator({ port: 0, frozenAt: NOW, scale: 0.1, personality: { maxPerPage: 100 } });
  scenario = new Scenario(simulator, executable.dataSources[0], NOW, new Map());
  await scenario.fresh();
});

after(async () => {
  await simulator.close();
  await executable.close();
  rmSync(folder, { recursive: true, force: true });
});

/** IDs of the executable's processes that the host of this test has started. */
function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((id) => {
      try {
        const command = readFileSync(`/proc/${id}/cmdline`, 'utf8');
        return command.includes(plugin.executable) && readFileSync(`/proc/${id}/environ`, 'utf8').includes(folder);
      } catch {
        return false; // has ended meanwhile
      }
    })
    .map(Number);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await pause(10);
  }
}

/** The one process that is left, with the one folder that its socket is in. */
function theOnlyProcess(): number {
  const running = processes();
  assert.equal(running.length, 1, `processes ${running.join(', ')}`);
  assert.equal(readdirSync(folder).length, 1, `left in the temporary folder: ${readdirSync(folder).join(', ')}`);
  return running[0];
}

test('killed in the middle of a fetch', { skip }, async () => {
  const { simulation } = simulator;
  const [question] = scenario.questions('access_requests');
  simulation.faults.add([{ kind: 'hang', skip: 2 }]);
  const waiting = executable.dataSources[0].query(scenario.range, [question.query]);
  const failing = assert.rejects(waiting, /crashed during this call and is running again/);
  await until(() => simulation.faults.list()[0].struck > 0);
  const killed = theOnlyProcess();
  process.kill(killed, 'SIGKILL');
  await failing;

  simulation.faults.clear();
  assert.deepEqual(Object.values(await scenario.ask('access_requests', { only: [question.query.refId] })), [
    'complete',
  ]);
  assert.notEqual(theOnlyProcess(), killed);
});

test('killed while nobody asks', { skip }, async () => {
  const [question] = scenario.questions('access_requests');
  const only = [question.query.refId];
  assert.deepEqual(Object.values(await scenario.ask('access_requests', { only })), ['complete']);
  const killed = theOnlyProcess();
  process.kill(killed, 'SIGKILL');
  await until(() => !processes().includes(killed));

  assert.deepEqual(Object.values(await scenario.ask('access_requests', { only })), ['complete']);
  assert.notEqual(theOnlyProcess(), killed);
});
