/** Content stamps: a build runs only when what goes into it, or what came out of it, has changed. */
import { createHash, type Hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CACHE, ROOT } from './paths';

/** What a build reads and what it leaves behind; paths are relative to the repository, folders count whole. */
export interface Build {
  name: string;
  inputs: string[];
  outputs: string[];
  run: () => Promise<void>;
}

const IGNORED_FOLDERS = new Set(['node_modules', 'dist', 'testdata', '.git']);
const IGNORED_FILES = /(_test\.go|\.(test|spec)\.tsx?)$/;

/** Runs the build unless it is fresh. Tells whether it ran. */
export async function buildIfStale(build: Build): Promise<boolean> {
  const stampFile = path.join(CACHE, `${build.name}.stamp`);
  const inputs = hashInputs(build.inputs);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === `${inputs} ${describeOutputs(build.outputs)}`) {
    return false;
  }
  rmSync(stampFile, { force: true });
  await build.run();
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(stampFile, `${inputs} ${describeOutputs(build.outputs)}`);
  return true;
}

function hashInputs(inputs: string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    addToHash(hash, path.join(ROOT, input));
  }
  return hash.digest('hex');
}

function addToHash(hash: Hash, file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const name of readdirSync(file).sort()) {
      if (!IGNORED_FOLDERS.has(name) && !IGNORED_FILES.test(name)) {
        addToHash(hash, path.join(file, name));
      }
    }
  } else {
    hash.update(`${path.relative(ROOT, file)}\0${stats?.size ?? 'missing'}\0`);
    hash.update(stats ? readFileSync(file) : '');
  }
}

/** Size and time of what was built, so that a deleted or replaced file counts as stale. */
function describeOutputs(outputs: string[]): string {
  return outputs
    .map((output) => statSync(path.join(ROOT, output), { throwIfNoEntry: false }))
    .map((stats) => (stats ? `${stats.size}@${stats.mtimeMs}` : 'missing'))
    .join(' ');
}
