/** The builds that `npm start` and `npm test` need. Their commands are the ones of package.json. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { executableName, PREVIEW_HOST, ROOT } from './paths';
import { run } from './processes';
import { buildIfStale, type Build } from './stamp';

const browserHalf: Build = {
  name: 'browser half',
  inputs: [
    'src',
    'catalogue',
    'provisioning',
    '.config',
    'package.json',
    'package-lock.json',
    'LICENSE',
    'CHANGELOG.md',
  ],
  outputs: ['dist/module.js', 'dist/plugin.json'],
  run: () => npmRun('build'),
};

const executableInputs = ['pkg', 'catalogue', 'go.mod', 'go.sum', 'Magefile.go', 'src/plugin.json', 'package.json'];

const executable: Build = {
  name: 'executable',
  inputs: executableInputs,
  outputs: [`dist/${executableName()}`],
  run: () => npmRun('build:backend'),
};

/** Grafana's container runs Linux, whatever system runs the container. */
const linuxExecutable: Build = {
  name: 'executable for Linux',
  inputs: executableInputs,
  outputs: [`dist/${executableName('linux')}`],
  run: () => run('go', ['tool', 'mage', process.arch === 'arm64' ? 'build:linuxARM64' : 'build:linux']),
};

const previewPage: Build = {
  name: 'preview page',
  inputs: ['preview/page', 'package-lock.json'],
  outputs: ['preview/page/dist/index.html'],
  run: () => npmRun('build:preview'),
};

const previewHost: Build = {
  name: 'preview host',
  inputs: ['preview', 'internal', 'go.mod', 'go.sum'],
  outputs: [path.relative(ROOT, PREVIEW_HOST)],
  run: async () => {
    mkdirSync(path.dirname(PREVIEW_HOST), { recursive: true });
    await run('go', ['build', '-o', PREVIEW_HOST, './preview']);
  },
};

const simulatorBundle: Build = {
  name: 'simulated account',
  inputs: ['simulator', 'package-lock.json'],
  outputs: ['simulator/dist/main.mjs'],
  run: () => npmRun('build:simulator'),
};

/** Builds both halves of the plugin into dist/. */
export const buildPlugin = () => buildAll([browserHalf, executable]);

/** Builds both halves, and what shows them in a browser without Grafana. */
export const buildPreview = () => buildAll([browserHalf, executable, previewPage, previewHost]);

/** Builds both halves, and the one file that the simulated account's container runs. */
export const buildForDocker = () => buildAll([browserHalf, linuxExecutable, simulatorBundle]);

/** Builds what is stale, one after the other: each of them keeps all cores busy by itself. */
async function buildAll(builds: Build[]): Promise<void> {
  for (const build of builds) {
    const started = Date.now();
    if (await buildIfStale(build)) {
      console.log(`Built: ${build.name} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
    }
  }
}

function npmRun(script: string): Promise<void> {
  return run('npm', ['run', '--silent', script], { shell: process.platform === 'win32' });
}
