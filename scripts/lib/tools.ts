/** The tools that must be on the machine in addition to Node.js. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Failure } from './failure';
import { outputOf } from './processes';

/** Go 1.21 is the first that fetches the toolchain that go.mod names by itself. */
const OLDEST_GO_MINOR = 21;

/** Throws a sentence that says what to install, unless there is a usable Go. */
export async function requireGo(): Promise<void> {
  const version = await outputOf('go', ['env', 'GOVERSION']);
  const minor = Number(/^go1\.(\d+)/.exec(version ?? '')?.[1] ?? 0);
  if (version === undefined) {
    throw new Failure(
      'Go is missing. It builds the half of the plugin that Grafana runs. Install it from https://go.dev/dl'
    );
  }
  if (minor < OLDEST_GO_MINOR) {
    throw new Failure(
      `You need Go 1.${OLDEST_GO_MINOR} or later, but this is ${version.trim()}. Install it from https://go.dev/dl`
    );
  }
}

/** Whether a Docker engine answers, without which the command can't do anything. */
export async function hasDockerEngine(): Promise<boolean> {
  const server = await outputOf('docker', ['info', '--format', '{{.ServerVersion}}']);
  return Boolean(server?.trim()) && (await outputOf('docker', ['compose', 'version'])) !== undefined;
}

/** Whether Go can compile C, which its race detector needs. */
export async function canDetectRaces(): Promise<boolean> {
  const compiler = (await outputOf('go', ['env', 'CC']))?.trim();
  return Boolean(compiler) && (await outputOf(compiler as string, ['--version'])) !== undefined;
}

/** Full path of the first of these commands that PATH, or the name itself, leads to. */
export function which(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  return names
    .flatMap((name) => (path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name))))
    .flatMap((file) => endings.map((ending) => file + ending))
    .find((file) => existsSync(file));
}
