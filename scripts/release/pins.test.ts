import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ROOT } from '../lib/paths';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  steps: Step[];
}
interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

const FOLDER = path.join(ROOT, '.github', 'workflows');
const read = (...names: string[]) => readFileSync(path.join(ROOT, ...names), 'utf8');
const texts = readdirSync(FOLDER).map((name) => [name, readFileSync(path.join(FOLDER, name), 'utf8')] as const);
const jobs = texts.flatMap(([name, text]) =>
  Object.entries((parse(text) as Workflow).jobs).map(([job, content]) => [`${name}: ${job}`, content] as const)
);
const steps = jobs.flatMap(([name, job]) => job.steps.map((step) => [name, step] as const));

test('every action is pinned by a commit, and says which version it is', () => {
  for (const [name, text] of texts) {
    const uses = text.split('\n').filter((line) => /^\s*(-\s+)?uses:/.test(line));
    assert.ok(uses.length > 0, name);
    for (const line of uses) {
      assert.match(line, /uses: [\w./-]+@[0-9a-f]{40} # \S+$/, `${name}: ${line.trim()}`);
    }
  }
});

test('a workflow may nothing, and each job only what it says', () => {
  for (const [name, text] of texts) {
    assert.deepEqual((parse(text) as Workflow).permissions, {}, name);
  }
  for (const [name, job] of jobs) {
    assert.ok(job.permissions, `${name} has no permissions`);
    assert.ok(job['timeout-minutes'], `${name} has no time limit`);
  }
});

test('only what runs no code of the repository may write a release', () => {
  const writing = jobs.filter(([, job]) => job.permissions?.contents === 'write' || job.permissions?.['id-token']);
  assert.deepEqual(
    writing.map(([name]) => name),
    ['release.yml: publish']
  );
  for (const { uses, run } of writing[0][1].steps) {
    assert.doesNotMatch(`${uses} ${run}`, /checkout|npm|npx|go run|node /);
  }
});

test('no checkout leaves the token in the working tree', () => {
  for (const [name, step] of steps.filter(([, { uses }]) => uses?.startsWith('actions/checkout@'))) {
    assert.equal(step.with?.['persist-credentials'], false, name);
  }
});

test('no expression is pasted into a script, where its value would be code', () => {
  for (const [name, { run }] of steps) {
    assert.doesNotMatch(run ?? '', /\$\{\{/, name);
  }
});

test('nothing that is not pinned is downloaded and run', () => {
  for (const [name, { run }] of steps) {
    assert.doesNotMatch(run ?? '', /@latest|docker (run|pull)|curl|wget|npx .*(-y|--yes)/, name);
  }
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const [name, script] of Object.entries(scripts)) {
    assert.doesNotMatch(script, /@latest|npx .*(-y|--yes)/, name);
  }
});

test('every image of ours is pinned by its digest', () => {
  const images = [...read('docker-compose.yaml').matchAll(/^\s*image:\s*(\S+)/gm)].map(([, image]) => image);
  assert.ok(images.length > 0);
  for (const image of images) {
    assert.match(image, /@sha256:[0-9a-f]{64}$/);
  }
});

test('everything is built with the newest patch release of the Go that go.mod names', () => {
  const minor = /^go (\d+\.\d+)\.\d+$/m.exec(read('go.mod'))?.[1];
  assert.equal(/^go (\d+\.\d+)\.\d+$/m.exec(read('tools', 'go.mod'))?.[1], minor);
  const setups = steps.filter(([, { uses }]) => uses?.startsWith('actions/setup-go@'));
  assert.ok(setups.length > 0);
  for (const [name, step] of setups) {
    assert.equal(step.with?.['go-version'], minor, name);
    assert.equal(step.with?.['check-latest'], true, name);
  }
});

test('Dependabot looks after every kind of dependency', () => {
  const { updates } = parse(read('.github', 'dependabot.yml')) as { updates: Array<Record<string, unknown>> };
  const kinds = updates.map((update) => update['package-ecosystem']);
  assert.deepEqual(kinds.sort(), ['docker', 'docker-compose', 'github-actions', 'gomod', 'npm']);
  const go = updates.find((update) => update['package-ecosystem'] === 'gomod');
  assert.deepEqual(go?.directories, ['/', '/tools']);
});
