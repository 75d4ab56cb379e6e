import { invalidRequest } from './envelope';

export function positiveInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') {
    return undefined;
  }
  if (!/^\d+$/.test(text) || Number(text) < 1) {
    throw invalidRequest(`${name} must be a positive integer`);
  }
  return Number(text);
}

export function oneOf<const T extends string>(
  query: URLSearchParams,
  name: string,
  values: readonly T[]
): T | undefined {
  const text = query.get(name);
  if (text === null || text === '') {
    return undefined;
  }
  const found = values.find((value) => value === text);
  if (!found) {
    throw invalidRequest(`${name} must be one of ${values.join(', ')}`);
  }
  return found;
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** Microseconds since the epoch of an RFC 3339 time; digits after the sixth of the fraction are cut off. */
export function parseTimeUs(text: string): number | undefined {
  const match = RFC_3339.exec(text.replace(' ', '+'));
  if (!match) {
    return undefined;
  }
  const [, seconds, fraction = '', zone] = match;
  const milliseconds = Date.parse(seconds + zone);
  return Number.isNaN(milliseconds) ? undefined : milliseconds * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

export function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') {
    return undefined;
  }
  const us = parseTimeUs(text);
  if (us === undefined) {
    throw invalidRequest(`${name} must be an RFC 3339 date-time`);
  }
  return us;
}

export function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const text = oneOf(query, name, ['true', 'false', '1', '0']);
  return text === undefined ? undefined : text === 'true' || text === '1';
}
