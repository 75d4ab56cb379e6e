import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluateMath } from './math';
import { NO_DATA, type Labels, type Value } from './values';

const number = (value: number | null, labels: Labels = {}): Value => ({ kind: 'number', labels, value });
const series = (values: Array<number | null>, labels: Labels = {}): Value => {
  return { kind: 'series', labels, points: new Map(values.map((value, time) => [time, value])) };
};
const of = (expression: string, vars: Record<string, Value[]> = {}) => evaluateMath(expression, vars);

test('operators bind as in Grafana', () => {
  assert.deepEqual(of('1 + 2 * 3 >= 7 && 0 == 1 || 2 > 1'), [number(1)]);
  assert.deepEqual(of('(1 + 2) * 3'), [number(9)]);
});

test('the first operand can decide alone', () => {
  assert.deepEqual(of('$a && $b', { a: [number(0)], b: [number(NaN)] }), [number(0)]);
  assert.deepEqual(of('$a || $b', { a: [number(2)], b: [number(NaN)] }), [number(1)]);
});

test('without a number there is no number', () => {
  assert.deepEqual(of('$a > 1', { a: [number(null)] }), [number(null)]);
  assert.deepEqual(of('$a > 1', { a: [number(NaN)] }), [number(NaN)]);
});

test('no data on one side is no data, whatever is on the other', () => {
  const many = [number(1, { user: 'a' }), number(2, { user: 'b' })];
  assert.deepEqual(of('$a > 0 && $b > 0', { a: many, b: [NO_DATA] }), [NO_DATA]);
});

describe('values belong together', () => {
  const users = [number(3, { user: 'a' }), number(1, { user: 'b' })];

  test('where their labels are the same, and others are dropped', () => {
    assert.deepEqual(of('$a + $b', { a: users, b: [number(10, { user: 'a' }), number(10, { user: 'c' })] }), [
      number(13, { user: 'a' }),
    ]);
  });

  test('where one has the labels of the other', () => {
    const places = [number(1, { user: 'a', country: 'GB' }), number(1, { user: 'a', country: 'US' })];
    assert.deepEqual(of('$b + $a', { a: users, b: places }), [
      number(4, { user: 'a', country: 'GB' }),
      number(4, { user: 'a', country: 'US' }),
    ]);
  });

  test('where one has none', () => {
    assert.deepEqual(of('$a * 2', { a: users }), [number(6, { user: 'a' }), number(2, { user: 'b' })]);
  });

  test('where each is the only one, which rules have to look out for', () => {
    assert.deepEqual(of('$a + $b', { a: [users[0]], b: [users[1]] }), [number(4)]);
  });
});

test('time series are taken together by time', () => {
  assert.deepEqual(of('$a - $b', { a: [series([5, null, 7])], b: [series([1, 2])] }), [series([4, null])]);
  assert.deepEqual(of('$a >= 5', { a: [series([5, 4])] }), [series([1, 0])]);
});

test('what it does not know is an error', () => {
  assert.throws(() => of('$missing > 1'), /no \$missing/);
  assert.throws(() => of('abs(1)'), /What is "abs/);
});
