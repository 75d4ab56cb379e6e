import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Counts } from '../lib/counts';
import { Failure } from '../lib/failure';
import { ROOT, TEST_RESULTS } from '../lib/paths';
import { exitStatus, start } from '../lib/processes';
import { countNodeTests, type NodeTestEvent } from './nodeReport';

/** The *.test.ts files below these folders, run by Node's own test runner, `atOnce` of them at a time. */
export function nodeTest(name: string, folders: string[], atOnce?: number): () => Promise<Counts> {
  return async () => {
    const files = folders.flatMap((folder) => testFiles(path.join(ROOT, folder)));
    if (files.length === 0) {
      throw new Failure(`There is no *.test.ts file in ${folders.join(', ')}.`);
    }
    mkdirSync(TEST_RESULTS, { recursive: true });
    const report = path.join(TEST_RESULTS, `${name}.jsonl`);
    rmSync(report, { force: true });
    const reporter = path.join(ROOT, 'scripts', 'suites', 'nodeReporter.mjs');
    const status = await exitStatus(
      start(process.execPath, [
        ...['--import', 'tsx', '--test'],
        ...(atOnce ? [`--test-concurrency=${atOnce}`] : []),
        ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
        ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${report}`],
        ...files,
      ])
    );
    const lines = existsSync(report) ? readFileSync(report, 'utf8').split('\n').filter(Boolean) : [];
    const counts = countNodeTests(lines.map((line) => JSON.parse(line) as NodeTestEvent));
    if (status !== 0 && counts.failed === 0) {
      throw new Failure(`node --test ended with status ${status} without a failed test.`);
    }
    return counts;
  };
}

function testFiles(folder: string): string[] {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'dist'].includes(entry.name))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? testFiles(file) : entry.name.endsWith('.test.ts') ? [file] : [];
    })
    .sort();
}
