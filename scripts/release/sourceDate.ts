/** The time of the source, in place of the time of the build, so that the same source gives the same archive. */
import { execFileSync, type StdioOptions } from 'node:child_process';
import { Failure } from '../lib/failure';

/**
 * SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch), otherwise the time of the newest commit;
 * where there is no repository, now. Magefile.go does the same.
 */
export function sourceDate(): Date {
  const seconds = process.env.SOURCE_DATE_EPOCH || commitTime();
  if (!/^\d+$/.test(seconds)) {
    throw new Failure('SOURCE_DATE_EPOCH needs seconds since 1970.');
  }
  return new Date(Number(seconds) * 1000);
}

function commitTime(): string {
  try {
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    return execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8', stdio }).trim();
  } catch {
    return String(Math.floor(Date.now() / 1000));
  }
}
