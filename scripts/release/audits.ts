/** What is known against the source and against what it depends on. */
import { spawnSync } from 'node:child_process';
import { Failure } from '../lib/failure';
import { Skip, type Check } from './outcome';

/** How Go, npm, and the tools say that there is no network, or that a registry has no audit. */
const UNREACHABLE =
  /dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|403 Forbidden|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ENOAUDIT|audit endpoint returned an error/;

interface Ran {
  status: number | null;
  output: string;
}

function ran(command: string, args: string[]): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    shell: process.platform === 'win32',
  });
  return { status, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trim() };
}

/** Runs a tool of tools/go.mod. */
const goTool = (name: string, ...args: string[]) => ran('go', ['tool', '-modfile=tools/go.mod', name, ...args]);

/** Throws what a command printed unless it ended well; `unreachable` tells what it needs the network for. */
function requireClean({ status, output }: Ran, unreachable?: string): void {
  if (status === 0) {
    return;
  }
  if (unreachable && UNREACHABLE.test(output)) {
    throw new Skip(unreachable);
  }
  throw new Failure(output);
}

export const AUDITS: Check[] = [
  {
    name: 'vulnerabilities, Go',
    run: () => {
      requireClean(
        goTool('govulncheck', './...'),
        'govulncheck needs the vulnerability database at https://vuln.go.dev, which this machine does not reach.'
      );
      return 'the executable calls nothing with a known vulnerability';
    },
  },
  {
    name: 'vulnerabilities, npm',
    run: () => {
      requireClean(
        ran('npm', ['audit', '--omit=dev', '--audit-level=moderate', '--loglevel=error']),
        'npm audit needs a registry that has audits, which this machine does not reach.'
      );
      return 'no production dependency has a known vulnerability';
    },
  },
  {
    name: 'secrets',
    run: () => {
      requireClean(goTool('gitleaks', 'git', '--no-banner', '--redact', '--exit-code=1', '.'));
      requireClean(goTool('gitleaks', 'dir', '--no-banner', '--redact', '--exit-code=1', '.'));
      return 'neither the history nor the working tree has a secret';
    },
  },
  {
    name: 'workflows',
    run: () => {
      requireClean(goTool('actionlint'));
      return 'actionlint has no remark';
    },
  },
];
