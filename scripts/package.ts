/**
 * `npm run package` writes to artifacts/ what a release has: the archive that Grafana installs, its bill of materials, and
 * their checksums. The archive contains a folder with the plugin's ID as its name, with the executables for every platform
 * that Grafana runs on. The same source gives the same bytes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { exitWith, Failure } from './lib/failure';
import { ARTIFACTS, DIST, plugin, PLATFORMS, version } from './lib/paths';
import { components } from './release/components';
import { NOTICES } from './release/notices';
import { sbom, sha256 } from './release/sbom';
import { sourceDate } from './release/sourceDate';

const UNIX = 3;
const EXECUTABLE_MODE = 0o100755;
const FILE_MODE = 0o100644;

async function main(): Promise<void> {
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  requireFiles(files);
  const entries: Zippable = {};
  const mtime = zipTime(sourceDate());
  for (const file of files) {
    const name = [plugin.id, ...path.relative(DIST, file).split(path.sep)].join('/');
    const mode = path.basename(file).startsWith(`${plugin.executable}_`) ? EXECUTABLE_MODE : FILE_MODE;
    entries[name] = [readFileSync(file), { os: UNIX, attrs: mode << 16, mtime }];
  }
  rmSync(ARTIFACTS, { recursive: true, force: true });
  mkdirSync(ARTIFACTS, { recursive: true });
  const archive = `${plugin.id}-${version}.zip`;
  const content = zipSync(entries, { level: 9 });
  const bill = `${plugin.id}-${version}.cdx.json`;
  write(archive, content);
  // The form that Grafana's catalog asks for.
  write(`${archive}.sha1`, createHash('sha1').update(content).digest('hex'));
  write(bill, sbom(await components()));
  const sums = [archive, bill].map((name) => `${sha256(readFileSync(path.join(ARTIFACTS, name)))}  ${name}\n`);
  write('SHA256SUMS', sums.join(''));
  console.log(`artifacts/${archive}: ${files.length} files, ${(content.length / 1e6).toFixed(1)} MB`);
}

function write(name: string, content: Uint8Array | string): void {
  writeFileSync(path.join(ARTIFACTS, name), content);
}

/** The date whose local fields are those of UTC: archives have local times, and fflate writes this machine's. */
function zipTime(date: Date): Date {
  return new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
}

function requireFiles(files: string[]): void {
  const names = new Set(files.map((file) => path.basename(file)));
  const wanted = [...PLATFORMS.map((platform) => `${plugin.executable}_${platform}`), NOTICES];
  const missing = wanted.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new Failure(`dist/ doesn't contain ${missing.join(', ')}. Run npm run build:all first.`);
  }
}

main().catch(exitWith);
