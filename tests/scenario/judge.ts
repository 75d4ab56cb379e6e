/** Holds an answer against the truth. */
import assert from 'node:assert/strict';
import type { Frame, Result } from '../harness/executable';
import type { Question, Tally } from './questions';

/** How an answer may be right. */
export type Verdict = 'complete' | 'in part' | 'refused';

/** The reasons of the contract (Reason in pkg/answer/coverage.go). No question here can be cut by its limit. */
const REASONS = ['max_rows', 'retention', 'rate_limit', 'upstream', 'unverified', 'bad_rows', 'page_size', 'timeout'];

/** What is judged of a question. */
type Judged = Pick<Question, 'read'> & {
  query: { queryType: string; refId: string; format: string };
  /** An answer that is not complete may also have what is not true. */
  partMayDiffer?: boolean;
};

/**
 * Throws unless the answer is the truth, or says that it is not all of it and holds nothing else, or is an error that
 * says why. An alert rule never gets a part.
 */
export function judge(question: Judged, result: Result, truth: Tally, fromAlert: boolean): Verdict {
  const name = `${question.query.queryType} ${question.query.refId} as ${question.query.format}`;
  assert.ok(result, `${name}: no answer`);
  if (result.error !== undefined) {
    judgeRefusal(name, result);
    return 'refused';
  }
  assert.equal(result.frames?.length, 1, `${name}: one frame`);
  const [frame] = result.frames as [Frame];
  const coverage = frame.schema.meta?.custom?.coverage;
  assert.ok(coverage, `${name}: an answer without coverage`);
  const got = question.read(frame);
  const { more, fewer } = compare(got, truth);
  if (coverage.complete) {
    assert.deepEqual(
      [...more, ...fewer].slice(0, 3),
      [],
      `${name}: complete, with ${more.length} too many and ${fewer.length} too few`
    );
    return 'complete';
  }
  assert.ok(!fromAlert, `${name}: an alert rule got a part (${coverage.reason})`);
  assert.ok(REASONS.includes(coverage.reason ?? ''), `${name}: no reason ${coverage.reason}`);
  const notices = frame.schema.meta?.notices?.filter(
    ({ severity, text }) => severity === 'warning' && text.length > 20
  );
  assert.ok(notices?.length, `${name}: in part (${coverage.reason}), and no notice says so`);
  if (question.partMayDiffer) {
    return 'in part';
  }
  const invented = coverage.reason === 'unverified' ? more.filter((text) => !isWithoutGroup(text)) : more;
  assert.deepEqual(invented.slice(0, 3), [], `${name}: in part, with ${invented.length} too many`);
  return 'in part';
}

function judgeRefusal(name: string, { error, errorSource, status }: Result): void {
  assert.equal(errorSource, 'downstream', `${name}: whose fault is "${error}"?`);
  assert.ok(status >= 400 && status < 600, `${name}: status ${status} of "${error}"`);
  assert.match(error ?? '', /^\S+ .*\S+ .*\S{2}/, `${name}: no sentence`);
}

/** Whether events are counted without the value that they are grouped by; a notice says that it was not there. */
const isWithoutGroup = (text: string) => /^(\d+ )?:/.test(text);

/** Where an answer has more, and where it has less, than the truth. */
export function compare(got: Tally, truth: Tally): { more: string[]; fewer: string[] } {
  const text = (key: string) => `${key}: ${got.get(key) ?? 0} instead of ${truth.get(key) ?? 0}`;
  return {
    more: [...got].filter(([key, count]) => count > (truth.get(key) ?? 0)).map(([key]) => text(key)),
    fewer: [...truth].filter(([key, count]) => count > (got.get(key) ?? 0)).map(([key]) => text(key)),
  };
}
