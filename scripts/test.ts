/**
 * `npm test` runs every suite, or those named after `--`. The last line is `N passed, N failed`, which adds up all of
 * them. A suite that can't run counts as one failure.
 */
import { buildPreview } from './lib/builds';
import { add, describe, NONE, type Counts } from './lib/counts';
import { exitWith, Failure } from './lib/failure';
import { isInterrupted, stopAll, stopOnInterrupt } from './lib/processes';
import { requireGo } from './lib/tools';
import { go } from './suites/go';
import { jest } from './suites/jest';
import { nodeTest } from './suites/nodeTest';
import { grafana, preview } from './suites/playwright';

const SUITES: Record<string, () => Promise<Counts>> = {
  go: () => requireGo().then(go),
  jest,
  simulator: nodeTest('simulator', ['simulator']),
  tooling: nodeTest('tooling', ['scripts', 'generate', 'dashboards']),
  contract: () =>
    requireGo()
      .then(buildPreview)
      .then(nodeTest('contract', ['tests/contract'])),
  // Several at once, because its files mostly wait.
  scenario: () =>
    requireGo()
      .then(buildPreview)
      .then(nodeTest('scenario', ['tests/scenario'], 3)),
  rules: () =>
    requireGo()
      .then(buildPreview)
      .then(nodeTest('rules', ['tests/rules'], 2)),
  preview,
  grafana,
};

async function main(): Promise<void> {
  const names = selectSuites(process.argv.slice(3));
  stopOnInterrupt();
  const results = new Map<string, Counts>();
  for (const name of names) {
    console.log(`\n— ${name}`);
    results.set(name, await runSuite(name));
  }
  console.log('');
  for (const [name, counts] of results) {
    console.log(`${name.padEnd(10)} ${describe(counts)}`);
  }
  const total = [...results.values()].reduce(add, NONE);
  await stopAll();
  console.log(describe(total));
  process.exit(total.failed > 0 ? 1 : 0);
}

function selectSuites(wanted: string[]): string[] {
  const unknown = wanted.filter((name) => !(name in SUITES));
  if (unknown.length > 0) {
    throw new Failure(`There is no suite ${unknown.join(', ')}. Use one of these: ${Object.keys(SUITES).join(', ')}.`);
  }
  if (wanted.includes('grafana') && !process.env.GRAFANA_URL) {
    throw new Failure('The suite grafana needs the address of a Grafana that has this plugin. Set GRAFANA_URL.');
  }
  const all = Object.keys(SUITES).filter((name) => name !== 'grafana' || process.env.GRAFANA_URL);
  return wanted.length > 0 ? wanted : all;
}

async function runSuite(name: string): Promise<Counts> {
  try {
    const counts = await SUITES[name]();
    if (counts.passed + counts.failed + counts.skipped === 0) {
      throw new Failure('It ran no tests.');
    }
    return counts;
  } catch (error) {
    console.error(`The suite ${name} couldn't run: ${error instanceof Failure ? error.message : String(error)}`);
    return { ...NONE, failed: 1 };
  }
}

main().catch((error: unknown) => {
  if (!isInterrupted()) {
    exitWith(error);
  }
});
