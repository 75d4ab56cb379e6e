/** What of others is in the archive: Go modules in the executables, npm packages in module.js. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../lib/failure';
import { DIST, plugin, ROOT } from '../lib/paths';
import { outputOf } from '../lib/processes';
import { identify } from './licenses';

export interface Component {
  /** https://github.com/package-url/purl-spec */
  purl: string;
  name: string;
  version: string;
  /** SPDX IDs of all that apply. */
  licenses: string[];
  /** License and notice files, whole. */
  texts: string[];
  /** Where the source is. */
  source: string;
}

const TEXTS = /^(licen[sc]e|copying|notice|patents)([.-].*)?$/i;
/** Systems that the executables are built for: each one links packages of its own. */
const SYSTEMS = ['linux', 'darwin', 'windows'];
/** The SDK's build sets it, and it changes what is linked. */
const BUILD_TAGS = 'arrow_json_stdlib';

/** A module that .config/webpack/webpack.config.ts makes up, where it tells Grafana's path to the plugin. */
const VIRTUAL = 'grafana-public-path.js';

/** All components, sorted by name. */
export async function components(): Promise<Component[]> {
  const all = [...(await goModules()), ...npmPackages()];
  return all.sort((a, b) => (a.purl < b.purl ? -1 : 1));
}

/** Names of the executables in dist/. */
export function executables(): string[] {
  const names = existsSync(DIST) ? readdirSync(DIST).filter((name) => name.startsWith(`${plugin.executable}_`)) : [];
  if (names.length === 0) {
    throw new Failure('dist/ has no executables. Run npm run build:all first.');
  }
  return names.sort();
}

/** The modules that the executables say they are linked from, and Go's own library. */
async function goModules(): Promise<Component[]> {
  const linked = new Map<string, string>();
  let go = '';
  for (const name of executables()) {
    const report = await mustRun('go', ['version', '-m', path.join(DIST, name)]);
    go = / (go\S+)$/m.exec(report)?.[1] ?? go;
    for (const [, module, version] of report.matchAll(/^\t(?:dep|=>)\t(\S+)\t(\S+)/gm)) {
      linked.set(module, version);
    }
  }
  const folders = await linkedFolders();
  const modules = [...linked].map(([module, version]) => {
    const folder = folders.get(module);
    if (!folder) {
      throw new Failure(`No folder is known for the module ${module}, which the executables are linked from.`);
    }
    const texts = folder.packages.flatMap((linked) => textsUpTo(linked, folder.module));
    const source = `https://pkg.go.dev/${module}@${version}`;
    return component(`pkg:golang/${module}@${version}`, module, version, texts, source);
  });
  const root = (await mustRun('go', ['env', 'GOROOT'])).trim();
  const version = go.replace(/^go/, '');
  return [...modules, component(`pkg:golang/std@${version}`, 'std', version, textsIn(root), 'https://go.dev/dl')];
}

/** For each module the folders of its packages that are linked on any system. */
async function linkedFolders(): Promise<Map<string, { module: string; packages: string[] }>> {
  const folders = new Map<string, { module: string; packages: string[] }>();
  const format = '{{with .Module}}{{.Path}}\t{{.Dir}}\t{{$.Dir}}{{end}}';
  for (const system of SYSTEMS) {
    const list = await mustRun('go', ['list', '-deps', '-tags', BUILD_TAGS, '-f', format, './pkg'], { GOOS: system });
    for (const line of list.split('\n').filter(Boolean)) {
      const [name, module, folder] = line.split('\t');
      const known = folders.get(name) ?? { module, packages: [] };
      known.packages.push(folder);
      folders.set(name, known);
    }
  }
  return folders;
}

/** The texts of a package's folder and of those above it, up to its module's. */
function textsUpTo(folder: string, top: string): string[] {
  const above = folder === top || !folder.startsWith(top) ? [] : textsUpTo(path.dirname(folder), top);
  return [...above, ...textsIn(folder)];
}

function textsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && TEXTS.test(entry.name) && !entry.name.endsWith('.go'))
    .map((entry) => readFileSync(path.join(folder, entry.name), 'utf8').trim());
}

/** The packages that the source map of module.js names, and webpack, whose runtime is in it. */
function npmPackages(): Component[] {
  const names = new Set<string>();
  for (const file of readdirSync(DIST).filter((name) => name.endsWith('.js.map'))) {
    const { sources } = JSON.parse(readFileSync(path.join(DIST, file), 'utf8')) as { sources: string[] };
    sources.forEach((source) => packageOf(source).forEach((name) => names.add(name)));
  }
  return [...names].map((name) => {
    const folder = path.join(ROOT, 'node_modules', name);
    const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    return component(purl, name, version, textsIn(folder), `https://www.npmjs.com/package/${name}/v/${version}`);
  });
}

/** The npm package that a module of the bundle is from. What Grafana supplies at run time is `external`. */
export function packageOf(source: string): string[] {
  if (/^webpack:\/\/[^/]+\/webpack\//.test(source)) {
    return ['webpack'];
  }
  const found = [...source.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].pop();
  return found && found[1] !== VIRTUAL ? [found[1]] : [];
}

function component(purl: string, name: string, version: string, texts: string[], source: string): Component {
  const all = [...new Set(texts)];
  const licenses = [...new Set(all.flatMap(identify))].sort();
  return { purl, name, version, licenses, texts: all, source };
}

async function mustRun(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const text = await outputOf(command, args, { env: { ...process.env, ...env } });
  if (text === undefined) {
    throw new Failure(`${[command, ...args].join(' ')} failed.`);
  }
  return text;
}
