/** `npm run typecheck` checks every TypeScript project of the repository, and that one of them includes every TypeScript file. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { exitWith, Failure } from './lib/failure';
import { ROOT } from './lib/paths';
import { exitStatus, outputOf, start } from './lib/processes';

const IGNORED = new Set(['node_modules', 'dist', '.git', '.config', 'test-results', 'coverage', 'artifacts']);
const TSC = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

async function main(): Promise<void> {
  const files = [...walk(ROOT)];
  const projects = files.filter((file) => path.basename(file) === 'tsconfig.json');
  const failed: string[] = [];
  const covered = new Set<string>();
  for (const project of projects) {
    const name = path.relative(ROOT, project);
    if ((await exitStatus(start(process.execPath, [TSC, '--noEmit', '--project', project]))) !== 0) {
      failed.push(name);
    }
    const listed = await outputOf(process.execPath, [TSC, '--listFilesOnly', '--project', project]);
    listed?.split('\n').forEach((file) => covered.add(path.normalize(file)));
  }
  if (failed.length > 0) {
    throw new Failure(`There are type errors in ${failed.join(', ')}.`);
  }
  const uncovered = files.filter((file) => /\.tsx?$/.test(file) && !covered.has(file));
  if (uncovered.length > 0) {
    throw new Failure(`No tsconfig.json includes ${uncovered.map((file) => path.relative(ROOT, file)).join(', ')}.`);
  }
  console.log(`${projects.length} TypeScript projects have no type errors.`);
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && !IGNORED.has(entry.name)) {
      yield* walk(file);
    } else if (entry.isFile()) {
      yield file;
    }
  }
}

main().catch(exitWith);
