/**
 * `npm run package` writes the archive that Grafana installs to artifacts/. It contains a folder with the plugin's ID as
 * its name, with the executables for every platform that Grafana runs on.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { exitWith, Failure } from './lib/failure';
import { DIST, plugin, ROOT, version } from './lib/paths';

const PLATFORMS = [
  'linux_amd64',
  'linux_arm64',
  'darwin_amd64',
  'darwin_arm64',
  'windows_amd64.exe',
  'windows_arm64.exe',
];
const UNIX = 3;
const EXECUTABLE_MODE = 0o100755;
const FILE_MODE = 0o100644;

function main(): void {
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  requireExecutables(files);
  const entries: Zippable = {};
  for (const file of files) {
    const name = [plugin.id, ...path.relative(DIST, file).split(path.sep)].join('/');
    const mode = path.basename(file).startsWith(`${plugin.executable}_`) ? EXECUTABLE_MODE : FILE_MODE;
    entries[name] = [readFileSync(file), { os: UNIX, attrs: mode << 16, mtime: statSync(file).mtime }];
  }
  const folder = path.join(ROOT, 'artifacts');
  mkdirSync(folder, { recursive: true });
  const archive = path.join(folder, `${plugin.id}-${version}.zip`);
  const content = zipSync(entries, { level: 9 });
  writeFileSync(archive, content);
  writeFileSync(`${archive}.sha1`, createHash('sha1').update(content).digest('hex'));
  console.log(`${path.relative(ROOT, archive)}: ${files.length} files, ${(content.length / 1e6).toFixed(1)} MB`);
}

function requireExecutables(files: string[]): void {
  const names = new Set(files.map((file) => path.basename(file)));
  const missing = PLATFORMS.map((platform) => `${plugin.executable}_${platform}`).filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new Failure(`dist/ doesn't contain ${missing.join(', ')}. Run npm run build:all first.`);
  }
}

try {
  main();
} catch (error) {
  exitWith(error);
}
