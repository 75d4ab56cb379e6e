import { createInterface } from 'node:readline';
import type { Counts } from '../lib/counts';
import { Failure } from '../lib/failure';
import { exitStatus, start } from '../lib/processes';
import { canDetectRaces } from '../lib/tools';
import { GoReport } from './goReport';

/** Go's tests, with the race detector where a C compiler allows it. */
export async function go(): Promise<Counts> {
  const race = await canDetectRaces();
  if (!race) {
    console.log('There is no C compiler, so the race detector is off.');
  }
  const args = ['test', '-json', '-timeout', '20m', ...(race ? ['-race'] : []), './...'];
  const child = start('go', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(race ? { CGO_ENABLED: '1' } : {}) },
  });
  const report = new GoReport();
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    process.stdout.write(report.add(line));
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const status = await exitStatus(child);
  await closed;
  const counts = report.counts();
  if (status !== 0 && counts.failed === 0) {
    throw new Failure(`go test ended with status ${status} without a failed test.`);
  }
  return counts;
}
