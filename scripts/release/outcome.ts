/** What came out of a check, and how a list of checks is run and told. */
import { Failure } from '../lib/failure';

/** Thrown by a check that this machine can't run. On GitHub every check can, so there it is a failure. */
export class Skip extends Error {}

export interface Check {
  name: string;
  /** Resolves to what was found, in a few words. */
  run: () => Promise<string> | string;
}

interface Outcome {
  name: string;
  status: 'passed' | 'failed' | 'skipped';
  remark: string;
}

/** Runs the checks one after the other, all of them, and prints a table. Throws if one failed. */
export async function runChecks(checks: Check[]): Promise<void> {
  const outcomes: Outcome[] = [];
  for (const check of checks) {
    console.log(`\n— ${check.name}`);
    const outcome = await outcomeOf(check);
    console.log(`${outcome.status}: ${outcome.remark}`);
    outcomes.push(outcome);
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = outcomes.map(({ name, status, remark }) => `${name.padEnd(width)}  ${status.padEnd(7)}  ${remark}`);
  console.log(`\n${lines.map((line) => line.split('\n')[0]).join('\n')}`);
  const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length;
  const summary = `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
  if (count('failed') > 0) {
    throw new Failure(summary);
  }
  console.log(summary);
}

async function outcomeOf({ name, run }: Check): Promise<Outcome> {
  try {
    return { name, status: 'passed', remark: await run() };
  } catch (error) {
    const maySkip = error instanceof Skip && !process.env.GITHUB_ACTIONS;
    return {
      name,
      status: maySkip ? 'skipped' : 'failed',
      remark: error instanceof Error ? error.message : String(error),
    };
  }
}
