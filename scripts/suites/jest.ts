import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Counts } from '../lib/counts';
import { Failure } from '../lib/failure';
import { TEST_RESULTS } from '../lib/paths';
import { exitStatus, start } from '../lib/processes';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Test files that failed before their tests ran. */
  numRuntimeErrorTestSuites: number;
}

/** The browser half's unit and component tests. */
export async function jest(): Promise<Counts> {
  mkdirSync(TEST_RESULTS, { recursive: true });
  const file = path.join(TEST_RESULTS, 'jest.json');
  rmSync(file, { force: true });
  const cli = path.join('node_modules', 'jest', 'bin', 'jest.js');
  const status = await exitStatus(
    start(process.execPath, [cli, '--ci', '--maxWorkers=100%', '--json', `--outputFile=${file}`], {
      // --json repeats the report on standard output.
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  );
  const report = readReport(file, status);
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  if (status !== 0 && failed === 0) {
    throw new Failure(`jest ended with status ${status} without a failed test.`);
  }
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
}

function readReport(file: string, status: number): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    throw new Failure(`jest ended with status ${status} before it ran a test.`);
  }
}
