import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoReport } from './goReport';

const PACKAGE = 'example.com/a/b';

function report(events: object[]): { counts: object; shown: string } {
  const go = new GoReport();
  const shown = events.map((event) => go.add(JSON.stringify({ Package: PACKAGE, ...event }))).join('');
  return { counts: go.counts(), shown };
}

test('counts leaf tests, not the tests that group them', () => {
  const { counts } = report([
    { Action: 'pass', Test: 'TestA/one' },
    { Action: 'skip', Test: 'TestA/two/deep' },
    { Action: 'pass', Test: 'TestA/two' },
    { Action: 'pass', Test: 'TestA' },
    { Action: 'pass', Test: 'TestB' },
    { Action: 'pass' },
  ]);
  assert.deepEqual(counts, { passed: 2, failed: 0, skipped: 1 });
});

test('counts a failure once, at the innermost test, and shows its output', () => {
  const { counts, shown } = report([
    { Action: 'output', Test: 'TestA/one', Output: 'got 1, want 2\n' },
    { Action: 'fail', Test: 'TestA/one' },
    { Action: 'fail', Test: 'TestA' },
    { Action: 'fail' },
  ]);
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(shown, /got 1, want 2/);
});

test('counts a group that fails by itself', () => {
  const { counts } = report([
    { Action: 'pass', Test: 'TestA/one' },
    { Action: 'fail', Test: 'TestA' },
    { Action: 'fail' },
  ]);
  assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 });
});

test('counts a package that does not compile', () => {
  const { counts, shown } = report([
    { Action: 'build-output', Package: undefined, ImportPath: PACKAGE, Output: 'undefined: x\n' },
    { Action: 'build-fail', Package: undefined, ImportPath: PACKAGE },
    { Action: 'fail' },
  ]);
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  assert.match(shown, /undefined: x/);
});
