import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countNodeTests, type NodeTestEvent } from './nodeReport';

function event(name: string, nesting: number, changes: Partial<NodeTestEvent> = {}): NodeTestEvent {
  return {
    ...{ verdict: 'passed', name, file: 'a.test.ts', nesting, isSuite: false, isFile: false, failedBelow: false },
    ...changes,
  };
}

test('counts leaf tests, not suites, files or tests with subtests', () => {
  const counts = countNodeTests([
    event('child', 2),
    event('parent', 1),
    event('skipped', 1, { verdict: 'skipped' }),
    event('suite', 0, { isSuite: true }),
    event('top', 0, { file: 'b.test.ts' }),
    event('b.test.ts', 0, { file: 'b.test.ts', isFile: true }),
  ]);
  assert.deepEqual(counts, { passed: 2, failed: 0, skipped: 1 });
});

test('counts a failure once, at the innermost test', () => {
  const counts = countNodeTests([
    event('child', 1, { verdict: 'failed' }),
    event('suite', 0, { verdict: 'failed', isSuite: true, failedBelow: true }),
  ]);
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
});

test('counts a file that throws and a suite with a broken hook', () => {
  const counts = countNodeTests([
    event('suite', 0, { verdict: 'failed', isSuite: true }),
    event('b.test.ts', 0, { verdict: 'failed', file: 'b.test.ts', isFile: true }),
  ]);
  assert.deepEqual(counts, { passed: 0, failed: 2, skipped: 0 });
});
