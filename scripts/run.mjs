// Entry of `npm start` and `npm test`. Plain JavaScript without dependencies, because in a fresh clone nothing is
// installed yet: it installs what package-lock.json says and hands over to the TypeScript beside it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stamp = path.join(root, 'node_modules', '.cache', 'setup', 'installed');

process.chdir(root);
if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(`You need Node.js ${OLDEST_NODE} or later, but this is ${process.version}. Install it from https://nodejs.org`);
}
installDependencies();
const require = createRequire(import.meta.url);
require('tsx/cjs/api').register();
require(`./${process.argv[2]}.ts`);

function installDependencies() {
  const lock = ['package.json', 'package-lock.json'].map((name) => readFileSync(path.join(root, name)));
  const wanted = createHash('sha256').update(Buffer.concat(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    return;
  }
  if (!isInstalled()) {
    console.log('Installing dependencies (npm ci)…');
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    if (error || status !== 0) {
      fail(`npm ci failed${error ? `: ${error.message}` : '. Its output above says why'}.`);
    }
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Whether node_modules already holds what the lock wants, as after `npm ci` or `npm install` by hand. */
function isInstalled() {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installed)) {
    return false;
  }
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(want).every(
    ([name, { version, optional }]) => name === '' || optional || have[name]?.version === version
  );
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
