/** Child processes. What starts here also ends here, with everything that it started itself. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { Failure } from './failure';

/** Docker gives containers ten seconds of their own. */
const GRACE_MS = 20_000;
const isWindows = process.platform === 'win32';
const running = new Set<ChildProcess>();

// The last resort, for an exit that stopped nothing; exit handlers cannot wait.
process.on('exit', () => running.forEach((child) => signal(child, 'SIGKILL')));

/**
 * Starts a child in a process group of its own, so that a signal reaches its children too and Ctrl-C in a terminal
 * reaches only this process, which then ends the group in order.
 */
export function start(command: string, args: string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { stdio: 'inherit', detached: !isWindows, ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Exit status of a child; a signal counts as status 1. Rejects where the command cannot be started. */
export function exitStatus(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`${child.spawnargs[0]} doesn't start: ${error.message}`)));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs a command to its end. Rejects unless it ends with status 0. */
export async function run(command: string, args: string[], options: SpawnOptions = {}): Promise<void> {
  const status = await exitStatus(start(command, args, options));
  if (status !== 0) {
    throw new Failure(`${[command, ...args].join(' ')} failed with status ${status}.`);
  }
}

/** Standard output of a command, or undefined where it cannot be started or fails. */
export async function outputOf(
  command: string,
  args: string[],
  options: SpawnOptions = {}
): Promise<string | undefined> {
  const child = start(command, args, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code === 0 ? text : undefined));
  });
}

/** Ends every child that still runs, politely first and by force after a grace period. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map(stop));
}

/** Ends one child and what it started. Resolves when it has gone. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) {
    return;
  }
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  signal(child, 'SIGTERM');
  const force = setTimeout(() => signal(child, 'SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(force);
}

let asked = false;

/** Whether this process was asked to end. What fails after that fails because its children were stopped. */
export const isInterrupted = () => asked;

/** Ends the children and this process when it is asked to end; a second request does not wait. */
export function stopOnInterrupt(): void {
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(name, () => {
      const exit = () => process.exit(128 + number);
      if (asked) {
        exit();
      }
      asked = true;
      stopAll().finally(exit);
    });
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    if (isWindows) {
      child.kill(name);
    } else {
      process.kill(-child.pid, name);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}
