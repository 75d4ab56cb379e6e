import type { Login } from '../events/login';
import type { Organisation } from '../organisation/organisation';
import { parseTimeUs } from '../http/query';
import { DIMENSION_BY_NAME, type Dimension } from './dimensions';

export type Filter = { readonly [key: string]: unknown };
export type Predicate = (login: Login) => boolean;

const SUFFIX = /^(.*?)(_geq|_gt|_in|_leq|_like|_lt|_neq|_notin|_notlike)?$/;

function split(key: string): { dimension: Dimension; operator: string } {
  const [, name, operator = ''] = SUFFIX.exec(key) ?? [];
  const dimension = DIMENSION_BY_NAME.get(name);
  if (!dimension) {
    throw new Error(`unknown field "${key}"`);
  }
  return { dimension, operator };
}

/** Seconds that the columns of time are cut to. */
const SPAN: Readonly<Record<string, number>> = { date: 86_400, datetime: 1, datetimeMinute: 60 };

function secondsOf(dimension: Dimension, value: unknown): number {
  const text = String(value);
  return Math.floor((parseTimeUs(dimension.type === 'Date' ? `${text}T00:00:00Z` : text) ?? 0) / 1_000_000);
}

/** Times are compared as seconds; fractions of the operand are cut off, as the column has none. */
function normalise(dimension: Dimension, value: unknown): string | number {
  if (SPAN[dimension.name] !== undefined) {
    return secondsOf(dimension, value);
  }
  return typeof value === 'number' ? value : String(value);
}

function column(organisation: Organisation, dimension: Dimension): (login: Login) => string | number {
  const span = SPAN[dimension.name];
  return span === undefined
    ? (login) => dimension.value(organisation, login)
    : (login) => Math.floor(login.rawUs / (span * 1_000_000)) * span;
}

function like(pattern: string): RegExp {
  const source = [...pattern]
    .map((c) => (c === '%' ? '.*' : c === '_' ? '.' : c.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`, 's');
}

function compile(organisation: Organisation, key: string, operand: unknown): Predicate {
  const { dimension, operator } = split(key);
  const get = column(organisation, dimension);
  if (operator === '_in' || operator === '_notin') {
    const values =
      dimension.type === 'uint8'
        ? [...Buffer.from(String(operand), 'base64')]
        : (Array.isArray(operand) ? operand : [operand]).map((value) => normalise(dimension, value));
    const set = new Set<string | number>(values);
    return operator === '_in' ? (login) => set.has(get(login)) : (login) => !set.has(get(login));
  }
  if (operator === '_like' || operator === '_notlike') {
    const pattern = like(String(operand));
    const wanted = operator === '_like';
    return (login) => pattern.test(String(get(login))) === wanted;
  }
  const value = normalise(dimension, operand);
  switch (operator) {
    case '_neq':
      return (login) => get(login) !== value;
    case '_gt':
      return (login) => get(login) > value;
    case '_geq':
      return (login) => get(login) >= value;
    case '_lt':
      return (login) => get(login) < value;
    case '_leq':
      return (login) => get(login) <= value;
    default:
      return (login) => get(login) === value;
  }
}

function branches(value: unknown): Filter[] {
  return Array.isArray(value) ? (value as Filter[]) : [];
}

/** The filter as a test of a login. */
export function predicate(organisation: Organisation, filter: Filter): Predicate {
  const tests: Predicate[] = [];
  for (const [key, operand] of Object.entries(filter)) {
    if (operand === null || operand === undefined) {
      continue;
    }
    if (key === 'AND') {
      tests.push(...branches(operand).map((branch) => predicate(organisation, branch)));
    } else if (key === 'OR') {
      const either = branches(operand).map((branch) => predicate(organisation, branch));
      tests.push((login) => either.length === 0 || either.some((test) => test(login)));
    } else {
      tests.push(compile(organisation, key, operand));
    }
  }
  return (login) => tests.every((test) => test(login));
}

/** Seconds since the epoch, both inclusive. */
export interface SecondRange {
  from: number;
  to: number;
}

const EVERYTHING: SecondRange = { from: -Infinity, to: Infinity };

function boundOf(key: string, operand: unknown): SecondRange {
  const { dimension, operator } = split(key);
  const span = SPAN[dimension.name];
  if (span === undefined) {
    return EVERYTHING;
  }
  const at = (value: unknown) => secondsOf(dimension, value);
  // The column is cut down to its unit: every second of [c, c + span) has the value c.
  const floor = (second: number) => Math.floor(second / span) * span;
  switch (operator) {
    case '':
      return { from: floor(at(operand)), to: floor(at(operand)) + span - 1 };
    case '_geq':
      return { from: Math.ceil(at(operand) / span) * span, to: Infinity };
    case '_gt':
      return { from: floor(at(operand)) + span, to: Infinity };
    case '_leq':
      return { from: -Infinity, to: floor(at(operand)) + span - 1 };
    case '_lt':
      return { from: -Infinity, to: Math.ceil(at(operand) / span) * span - 1 };
    case '_in': {
      const values = (Array.isArray(operand) ? operand : [operand]).map(at);
      return { from: floor(Math.min(...values)), to: floor(Math.max(...values)) + span - 1 };
    }
    default:
      return EVERYTHING;
  }
}

/** The time range that a filter can match at most. */
export function timeRange(filter: Filter): SecondRange {
  let range = EVERYTHING;
  for (const [key, operand] of Object.entries(filter)) {
    if (operand === null || operand === undefined) {
      continue;
    }
    let part: SecondRange;
    if (key === 'AND') {
      part = branches(operand).map(timeRange).reduce(intersect, EVERYTHING);
    } else if (key === 'OR') {
      const parts = branches(operand).map(timeRange);
      part =
        parts.length === 0
          ? EVERYTHING
          : { from: Math.min(...parts.map((p) => p.from)), to: Math.max(...parts.map((p) => p.to)) };
    } else {
      part = boundOf(key, operand);
    }
    range = intersect(range, part);
  }
  return range;
}

function intersect(a: SecondRange, b: SecondRange): SecondRange {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
}

/** The Ray ID that a filter is about, alone or as the only one of a list: it tells its minute without a search. */
export function onlyRay({ cfRayId, cfRayId_in: list, AND: parts }: Filter): string | undefined {
  const one = Array.isArray(list) && list.length === 1 ? (list[0] as unknown) : cfRayId;
  if (typeof one === 'string') {
    return one;
  }
  return Array.isArray(parts) ? (parts as Filter[]).map(onlyRay).find((ray) => ray !== undefined) : undefined;
}
