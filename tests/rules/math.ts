/**
 * Grafana's math expressions: the operators that comparisons need, and which values of two variables belong together. Refer to
 * https://grafana.com/docs/grafana/latest/panels-visualizations/query-transform-data/expression-queries/#math and, for what it
 * leaves open, to pkg/expr/mathexp in Grafana's source.
 */
import { contains, NO_DATA, sameLabels, type Labels, type Value } from './values';

type Operand = Value | { kind: 'scalar'; labels: Labels; value: number };
type Vars = Record<string, Value[]>;

/** Operators by how tightly they bind, loosest first. */
const LEVELS = [['||'], ['&&'], ['==', '!=', '>=', '>', '<=', '<'], ['+', '-'], ['*', '/']];
const TOKEN = /\s*(\|\||&&|==|!=|>=|<=|[-+*/()<>]|\$\w+|[\d.]+)/y;

export function evaluateMath(expression: string, vars: Vars): Value[] {
  const tokens = tokensOf(expression);
  const operand = (): Operand[] => {
    const token = tokens.shift();
    if (token === '(') {
      const inner = level(0);
      tokens.shift();
      return inner;
    }
    if (token?.startsWith('$')) {
      const found = vars[token.slice(1)];
      if (!found) {
        throw new Error(`There is no ${token} for "${expression}".`);
      }
      return found;
    }
    return [{ kind: 'scalar', labels: {}, value: Number(token) }];
  };
  const level = (at: number): Operand[] => {
    if (at === LEVELS.length) {
      return operand();
    }
    let left = level(at + 1);
    while (LEVELS[at].includes(tokens[0])) {
      const operator = tokens.shift() ?? '';
      left = combine(operator, left, level(at + 1));
    }
    return left;
  };
  return level(0).map((result) => (result.kind === 'scalar' ? { ...result, kind: 'number' } : result));
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(expression);
    if (!found) {
      throw new Error(`What is "${expression.slice(at)}" in "${expression}"?`);
    }
    tokens.push(found[1]);
  }
  return tokens;
}

function combine(operator: string, left: Operand[], right: Operand[]): Operand[] {
  return pairs(left, right).map(([a, b, labels]) => apply(operator, a, b, labels));
}

/** Values belong together where their labels are the same, or one has all labels of the other. The others are dropped. */
function pairs(left: Operand[], right: Operand[]): Array<[Operand, Operand, Labels]> {
  if ((left.length === 1 || right.length === 1) && [left[0], right[0]].some((value) => value?.kind === 'none')) {
    return [[left[0], right[0], {}]];
  }
  const found = left.flatMap((a) =>
    right.flatMap((b): Array<[Operand, Operand, Labels]> => {
      const [few, many] = [a.labels, b.labels].sort((x, y) => Object.keys(x).length - Object.keys(y).length);
      const isFree = Object.keys(few).length === 0;
      return isFree || sameLabels(few, many) || contains(many, few) ? [[a, b, many]] : [];
    })
  );
  // Two single values are taken together, whatever their labels are.
  return found.length === 0 && left.length === 1 && right.length === 1 ? [[left[0], right[0], {}]] : found;
}

function apply(operator: string, a: Operand, b: Operand, labels: Labels): Operand {
  if (a.kind === 'none' || b.kind === 'none') {
    return NO_DATA;
  }
  if (a.kind !== 'series' && b.kind !== 'series') {
    const value = compute(operator, a.value, b.value);
    const isScalar = a.kind === 'scalar' && b.kind === 'scalar' && value !== null;
    return isScalar ? { kind: 'scalar', labels, value } : { kind: 'number', labels, value };
  }
  const times = a.kind === 'series' ? a.points.keys() : b.kind === 'series' ? b.points.keys() : [];
  const at = (value: Operand, time: number): number | null | undefined =>
    value.kind === 'series' ? value.points.get(time) : value.kind === 'none' ? null : value.value;
  const points = new Map<number, number | null>();
  for (const time of times) {
    const [x, y] = [at(a, time), at(b, time)];
    if (x !== undefined && y !== undefined) {
      points.set(time, compute(operator, x, y));
    }
  }
  return { kind: 'series', labels, points };
}

function compute(operator: string, a: number | null, b: number | null): number | null {
  if (a === null || b === null) {
    return null;
  }
  if (operator === '||' && a !== 0) {
    return 1;
  }
  if (operator === '&&' && a === 0) {
    return 0;
  }
  return Number.isNaN(a) || Number.isNaN(b) ? NaN : Number(OPERATORS[operator](a, b));
}

const OPERATORS: Record<string, (a: number, b: number) => number | boolean> = {
  '||': (a, b) => a !== 0 || b !== 0,
  '&&': (a, b) => a !== 0 && b !== 0,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>=': (a, b) => a >= b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '<': (a, b) => a < b,
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};
