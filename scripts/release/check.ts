/**
 * `npm run release:check` does what the release workflow does but for the signature: it builds the archive for every
 * platform, checks everything that a release has, and builds it again in another folder to compare. What this machine can't
 * do is skipped with the reason.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { exitWith, Failure } from '../lib/failure';
import { ARTIFACTS, plugin, PLATFORMS, ROOT, version } from '../lib/paths';
import { run, stopOnInterrupt } from '../lib/processes';
import { which } from '../lib/tools';
import { AUDITS } from './audits';
import { components } from './components';
import { notices, NOTICES, requireAllowed } from './notices';
import { runChecks, Skip, type Check } from './outcome';
import { sha256 } from './sbom';
import { sourceDate } from './sourceDate';

const ARCHIVE = `${plugin.id}-${version}.zip`;
const BILL = `${plugin.id}-${version}.cdx.json`;

const read = (name: string, folder = ARTIFACTS) => readFileSync(path.join(folder, name));
const text = (name: string) => read(name).toString('utf8');

const CHECKS: Check[] = [
  {
    name: 'archive',
    run: async () => {
      await npm(ROOT, 'package');
      return checkContents(unzipSync(read(ARCHIVE)));
    },
  },
  {
    name: 'checksums',
    run: () => {
      const sha1 = createHash('sha1').update(read(ARCHIVE)).digest('hex');
      requireEqual(`${ARCHIVE}.sha1`, text(`${ARCHIVE}.sha1`), sha1);
      const sums = [ARCHIVE, BILL].map((name) => `${sha256(read(name))}  ${name}\n`).join('');
      requireEqual('SHA256SUMS', text('SHA256SUMS'), sums);
      return `SHA-256 of the archive: ${sha256(read(ARCHIVE))}`;
    },
  },
  { name: 'bill of materials', run: () => checkBill(unzipSync(read(ARCHIVE))) },
  {
    name: 'licenses',
    run: async () => {
      const all = await components();
      requireAllowed(all);
      requireEqual(NOTICES, strings(unzipSync(read(ARCHIVE)), NOTICES), notices(all));
      const counts = new Map<string, number>();
      all.flatMap((one) => one.licenses).forEach((id) => counts.set(id, (counts.get(id) ?? 0) + 1));
      return [...counts].map(([id, count]) => `${id} ${count}`).join(', ');
    },
  },
  { name: 'reproducibility', run: buildAgain },
  { name: 'validator', run: validate },
  ...AUDITS,
];

/** Checks the archive's files, and returns what there is. */
function checkContents(files: Record<string, Uint8Array>): string {
  const names = Object.keys(files);
  const outside = names.filter((name) => !name.startsWith(`${plugin.id}/`));
  const wanted = ['module.js', 'plugin.json', 'README.md', 'CHANGELOG.md', 'LICENSE', NOTICES];
  const missing = [...wanted, ...PLATFORMS.map((platform) => `${plugin.executable}_${platform}`)].filter(
    (name) => !files[`${plugin.id}/${name}`]?.length
  );
  if (missing.length > 0 || outside.length > 0) {
    throw new Failure(
      `The archive lacks [${missing.join(', ')}] and has outside of its folder [${outside.join(', ')}].`
    );
  }
  const { info } = JSON.parse(strings(files, 'plugin.json')) as { info: { version: string; updated: string } };
  requireEqual('the version in plugin.json', info.version, version);
  requireEqual('the date in plugin.json', info.updated, sourceDate().toISOString().slice(0, 10));
  const built = names.filter((name) => path.basename(name).startsWith(`${plugin.executable}_`)).length;
  return `${names.length} files, ${built} executables, ${(read(ARCHIVE).length / 1e6).toFixed(1)} MB`;
}

function strings(files: Record<string, Uint8Array>, name: string): string {
  return Buffer.from(files[`${plugin.id}/${name}`]).toString('utf8');
}

interface Bill {
  bomFormat: string;
  specVersion: string;
  components: Array<{
    type: string;
    name: string;
    purl?: string;
    licenses?: unknown[];
    hashes?: Array<{ content: string }>;
  }>;
}

/** Checks that the bill is of this archive's files, and that it names each component once and with a license. */
function checkBill(files: Record<string, Uint8Array>): string {
  const bill = JSON.parse(text(BILL)) as Bill;
  requireEqual('the format', `${bill.bomFormat} ${bill.specVersion}`, 'CycloneDX 1.6');
  const described = bill.components.filter(({ type }) => type === 'file');
  for (const { name, hashes } of described) {
    requireEqual(`the digest of ${name}`, hashes?.[0].content, sha256(files[`${plugin.id}/${name}`]));
  }
  const libraries = bill.components.filter(({ type }) => type === 'library');
  const purls = new Set(libraries.map(({ purl }) => purl));
  if (purls.size !== libraries.length || libraries.some(({ purl, licenses }) => !purl || !licenses?.length)) {
    throw new Failure('A component of the bill is there twice, or has no purl or no license.');
  }
  return `${libraries.length} components, ${described.length} files with their digests`;
}

/** Builds a copy of the source in a folder of another name, without its repository, and compares every file. */
async function buildAgain(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'release-'));
  try {
    const copy = path.join(folder, 'copy of the source');
    for (const file of sourceFiles()) {
      mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
      copyFileSync(path.join(ROOT, file), path.join(copy, file));
    }
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
    await npm(copy, 'package', { TZ: 'Pacific/Kiritimati' });
    const again = path.join(copy, 'artifacts');
    compareArchives(unzipSync(read(ARCHIVE)), unzipSync(read(ARCHIVE, again)));
    requireEqual('SHA256SUMS of the second build', read('SHA256SUMS', again).toString(), text('SHA256SUMS'));
    return 'two builds in two folders gave the same bytes';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compareArchives(a: Record<string, Uint8Array>, b: Record<string, Uint8Array>): void {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const different = names.filter((name) => !a[name] || !b[name] || Buffer.compare(a[name], b[name]) !== 0);
  if (different.length > 0) {
    throw new Failure(`Two builds of the same source differ in ${different.join(', ')}.`);
  }
}

/** The files of the repository as they are now, also those that are not committed yet. */
function sourceFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout, status } = spawnSync('git', args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) {
    throw new Failure('Only a git repository tells which files are the source.');
  }
  return stdout.split('\0').filter((file) => file && existsSync(path.join(ROOT, file)));
}

/** Grafana's own validator, from PLUGIN_VALIDATOR or from its npm package, which downloads it from GitHub. */
function validate(): string {
  const own = process.env.PLUGIN_VALIDATOR;
  const [command, ...args] = own ? [own] : ['npx', '--no-install', 'plugin-validator'];
  if (own && !which(own)) {
    throw new Failure(`PLUGIN_VALIDATOR is ${own}, which isn't a program.`);
  }
  const archive = path.join(ARTIFACTS, ARCHIVE);
  const source = `file://${ROOT}`;
  const ran = spawnSync(command, [...args, '-sourceCodeUri', source, archive], { encoding: 'utf8' });
  const output = `${ran.stdout ?? ''}${ran.stderr ?? ''}`.trim();
  console.log(output);
  if (!own && /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|fetch failed|Failed to download/i.test(output)) {
    throw new Skip(
      "The validator can't be downloaded. Put plugincheck2 of https://github.com/grafana/plugin-validator/releases on this machine, and set PLUGIN_VALIDATOR to its path."
    );
  }
  if (ran.status !== 0) {
    throw new Failure('The validator refuses the archive.');
  }
  return 'no objection';
}

function requireEqual(what: string, got: string | undefined, want: string): void {
  if (got !== want) {
    throw new Failure(`Wrong: ${what} is not as it must be.\n got: ${got?.slice(0, 400)}\nwant: ${want.slice(0, 400)}`);
  }
}

function npm(folder: string, script: string, env: Record<string, string> = {}): Promise<void> {
  const options = { cwd: folder, env: { ...process.env, ...env }, shell: process.platform === 'win32' };
  return run('npm', ['run', '--silent', script], options);
}

stopOnInterrupt();
// One time for both builds, also if somebody commits meanwhile.
process.env.SOURCE_DATE_EPOCH = String(sourceDate().getTime() / 1000);
runChecks(CHECKS).catch(exitWith);
