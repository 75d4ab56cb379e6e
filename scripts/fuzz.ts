/**
 * `npm run fuzz` fuzzes every decoder, one after the other. What fails is in testdata/fuzz beside the target: commit it, and
 * from then on go test runs it.
 */
import { parseArgs } from 'node:util';
import { exitWith, Failure } from './lib/failure';
import { exitStatus, isInterrupted, outputOf, start, stopOnInterrupt } from './lib/processes';
import { parseTargets } from './lib/fuzzTargets';

const USAGE = `npm run fuzz -- [--time <duration>] [--target <package>.<name>] [--list]

  --time <duration>  for how long each target is fuzzed, as Go writes durations (default: 1m)
  --target <target>  fuzz only this one
  --list             print all targets as JSON and fuzz none`;

async function main(): Promise<void> {
  const { time, target, list, help } = readOptions();
  if (help) {
    console.log(USAGE);
    return;
  }
  stopOnInterrupt();
  const text = await outputOf('go', ['test', '-list', '^Fuzz', './...']);
  const targets = parseTargets(text ?? '');
  if (targets.length === 0) {
    throw new Failure('No target was found. Run go vet ./... to see whether the tests compile.');
  }
  if (list) {
    console.log(JSON.stringify(targets));
    return;
  }
  const wanted = target === undefined ? targets : targets.filter((one) => one === target);
  if (wanted.length === 0) {
    throw new Failure(`There is no target ${target}. Use one of these:\n${targets.join('\n')}`);
  }
  const failed: string[] = [];
  for (const one of wanted) {
    console.log(`\n— ${one}`);
    const at = one.lastIndexOf('.');
    const args = ['test', one.slice(0, at), '-run', '^$', '-fuzz', `^${one.slice(at + 1)}$`, '-fuzztime', time];
    if ((await exitStatus(start('go', args))) !== 0) {
      failed.push(one);
    }
  }
  console.log(`\n${wanted.length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) {
    throw new Failure(`These targets failed: ${failed.join(', ')}. Their inputs are in testdata/fuzz beside them.`);
  }
}

function readOptions() {
  try {
    return parseArgs({
      args: process.argv.slice(2),
      options: {
        time: { type: 'string', default: '1m' },
        target: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Failure(`${(error as Error).message}\n\n${USAGE}`);
  }
}

main().catch((error: unknown) => {
  if (!isInterrupted()) {
    exitWith(error);
  }
});
