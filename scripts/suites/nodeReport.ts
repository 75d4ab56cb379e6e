import { NONE, type Counts } from '../lib/counts';

/** One finished test, as nodeReporter.mjs writes it; children come before their parents. */
export interface NodeTestEvent {
  verdict: 'passed' | 'failed' | 'skipped';
  name: string;
  file: string;
  nesting: number;
  isSuite: boolean;
  isFile: boolean;
  failedBelow: boolean;
}

/** Counts leaf tests. Groups and files count only where they fail by themselves: a broken hook, a file that throws. */
export function countNodeTests(events: NodeTestEvent[]): Counts {
  const counts = { ...NONE };
  events.forEach((event, index) => {
    const before = events[index - 1];
    const isGroup =
      event.isSuite || event.isFile || (before?.file === event.file && before.nesting === event.nesting + 1);
    const countsAnyway = event.verdict === 'failed' && !event.failedBelow;
    if (!isGroup || countsAnyway) {
      counts[event.verdict]++;
    }
  });
  return counts;
}
