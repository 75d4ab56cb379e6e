/** Reads the events of `go test -json` (https://pkg.go.dev/cmd/test2json). */
import { NONE, type Counts } from '../lib/counts';

interface Event {
  Action: string;
  Package?: string;
  ImportPath?: string;
  Test?: string;
  Output?: string;
}

type Verdict = 'pass' | 'fail' | 'skip';
const isVerdict = (action: string): action is Verdict => ['pass', 'fail', 'skip'].includes(action);

/** Counts leaf tests; a test that only groups others counts when it fails without a failing one in it. */
export class GoReport {
  private readonly verdicts = new Map<string, Verdict>();
  private readonly failedPackages = new Set<string>();
  private readonly output = new Map<string, string[]>();

  /** Takes one line of output; returns what is worth showing now. */
  add(line: string): string {
    if (!line.startsWith('{')) {
      return `${line}\n`;
    }
    const event = JSON.parse(line) as Event;
    const key = `${event.Package ?? event.ImportPath}\0${event.Test ?? ''}`;
    if (event.Action === 'output' || event.Action === 'build-output') {
      this.output.set(key, [...(this.output.get(key) ?? []), event.Output ?? '']);
    } else if (event.Action === 'build-fail') {
      return this.take(key);
    } else if (isVerdict(event.Action)) {
      return this.judge(event, key, event.Action);
    }
    return '';
  }

  counts(): Counts {
    const counts = { ...NONE };
    const groups = groupsOf(this.verdicts.keys());
    const failures = [...this.verdicts].filter(([, verdict]) => verdict === 'fail').map(([key]) => key);
    const groupsWithFailure = groupsOf(failures);
    for (const [key, verdict] of this.verdicts) {
      if (verdict === 'fail') {
        counts.failed += groupsWithFailure.has(key) ? 0 : 1;
      } else if (!groups.has(key)) {
        counts[verdict === 'pass' ? 'passed' : 'skipped']++;
      }
    }
    // A package fails without a failing test when it does not compile, or when it ends before its tests do.
    for (const name of this.failedPackages) {
      counts.failed += failures.some((key) => key.startsWith(`${name}\0`)) ? 0 : 1;
    }
    return counts;
  }

  private judge(event: Event, key: string, verdict: Verdict): string {
    const text = this.take(key);
    if (event.Test !== undefined) {
      this.verdicts.set(key, verdict);
      return verdict === 'fail' ? text : '';
    }
    if (verdict === 'fail') {
      this.failedPackages.add(event.Package ?? '');
    }
    return verdict === 'skip' ? '' : text;
  }

  private take(key: string): string {
    const lines = this.output.get(key) ?? [];
    this.output.delete(key);
    return lines.join('');
  }
}

/** Every name that stands above one of these: of `p\0A/b/c`, `p\0A/b` and `p\0A`. Package names have slashes too. */
function groupsOf(keys: Iterable<string>): Set<string> {
  const groups = new Set<string>();
  for (const key of keys) {
    const testAt = key.indexOf('\0');
    for (let at = key.lastIndexOf('/'); at > testAt; at = key.lastIndexOf('/', at - 1)) {
      groups.add(key.slice(0, at));
    }
  }
  return groups;
}
