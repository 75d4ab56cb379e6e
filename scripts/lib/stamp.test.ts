import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { CACHE, ROOT } from './paths';
import { buildIfStale, type Build } from './stamp';

// Inside the repository, because a build's paths are relative to it; node_modules/.cache is ignored by git.
let folder: string;
let build: Build;
let runs = 0;

before(() => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(path.join(CACHE, 'stamp-test-'));
  const relative = path.relative(ROOT, folder);
  mkdirSync(path.join(folder, 'in'));
  writeFileSync(path.join(folder, 'in', 'a.txt'), 'one');
  build = {
    name: path.basename(folder),
    inputs: [`${relative}/in`],
    outputs: [`${relative}/out.txt`],
    run: async () => {
      runs++;
      writeFileSync(path.join(folder, 'out.txt'), `built ${runs}`);
    },
  };
});

after(() => {
  rmSync(folder, { recursive: true });
  rmSync(path.join(CACHE, `${build.name}.stamp`), { force: true });
});

test('builds once, and again when an input, a name or an output changes', async () => {
  assert.equal(await buildIfStale(build), true);
  assert.equal(await buildIfStale(build), false);
  writeFileSync(path.join(folder, 'in', 'a.txt'), 'two');
  assert.equal(await buildIfStale(build), true);
  writeFileSync(path.join(folder, 'in', 'b.txt'), '');
  assert.equal(await buildIfStale(build), true);
  rmSync(path.join(folder, 'out.txt'));
  assert.equal(await buildIfStale(build), true);
  assert.equal(await buildIfStale(build), false);
});

test('a test file is no input, and a build that fails leaves no stamp', async () => {
  writeFileSync(path.join(folder, 'in', 'a.test.ts'), '');
  assert.equal(await buildIfStale(build), false);
  writeFileSync(path.join(folder, 'in', 'a.txt'), 'three');
  const broken = { ...build, run: () => Promise.reject(new Error('broken')) };
  await assert.rejects(buildIfStale(broken), /broken/);
  assert.equal(await buildIfStale(build), true);
});
