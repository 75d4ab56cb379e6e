import { catalogue, findField, type CatalogueField, type Operator } from '../../catalogue';
import { type AccessQuery, type Filter, type FullQuery } from '../types';
import { applies, isFinished, withDefaults } from './model';
import { type Problem, type ProblemOptions } from './problems';
import { normalizeRayId } from './rayId';
import { hasVariable } from './template';

const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$/i;
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/**
 * What is wrong with a regular expression, if anything. The executable uses RE2. This refuses what only JavaScript
 * supports, and rewrites what RE2 spells differently before JavaScript checks it.
 */
export function patternProblem(pattern: string): string | undefined {
  // Neither an escaped parenthesis nor one in a character class opens a group.
  const bare = pattern.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '');
  if (/\(\?<?[=!]/.test(bare)) {
    return 'RE2 doesn’t support lookahead or lookbehind';
  }
  if (/\\[1-9]/.test(pattern.replace(/\\\\/g, ''))) {
    return 'RE2 doesn’t support backreferences';
  }
  const javascript = pattern
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\(\?[imsU-]+:/g, '(?:')
    .replace(/\(\?P</g, '(?<')
    .replace(/\[\[:\^?[a-z]+:\]\]/g, '[a]');
  try {
    new RegExp(javascript);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
  }
}

/** What is wrong with a value whatever the operator, by the field's kind. */
function kindProblem(field: CatalogueField, value: string): string | undefined {
  switch (field.kind) {
    case 'time':
      return RFC3339.test(value) || /^\d+$/.test(value)
        ? undefined
        : 'takes a time such as 2026-01-31T08:00:00Z, or epoch milliseconds';
    case 'number':
    case 'duration':
      return value.trim() !== '' && Number.isFinite(Number(value)) ? undefined : 'takes a number';
    case 'boolean':
      return /^(true|false|1|0)$/i.test(value.trim()) ? undefined : 'takes true or false';
    default:
      return undefined;
  }
}

const isBlockOperator = (operator: Operator) => operator === 'in' || operator === '!in';

/** Whether a text looks like a CIDR block or an address; the executable has the last word. */
function isBlock(value: string): boolean {
  const [address, length, ...rest] = value.trim().split('/');
  const most = address.includes(':') ? 128 : 32;
  return (
    IP.test(address) &&
    rest.length === 0 &&
    (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= most))
  );
}

/** What is wrong with a value that must equal the field's, by the field's kind. */
function exactProblem(field: CatalogueField, value: string, masked: boolean): string | undefined {
  if (field.kind === 'rayId' && !normalizeRayId(value)) {
    return 'takes Ray IDs such as 8d3f0a1b2c3d4e5f or 8d3f0a1b2c3d4e5f-LHR';
  }
  if (field.kind === 'country' && value.trim() !== '' && !/^[a-z][a-z0-9]$/i.test(value.trim())) {
    return 'takes two-letter country codes such as GB';
  }
  if (field.kind === 'ip' && value.trim() !== '' && !masked && !IP.test(value.trim())) {
    return 'takes IP addresses such as 192.0.2.1; use in for blocks such as 192.0.2.0/24';
  }
  if (field.kind === 'enum' && field.derived && !field.values?.some((option) => option.value === value)) {
    return `takes ${field.values?.map((option) => option.value).join(' or ')}`;
  }
  return undefined;
}

function valueProblem(field: CatalogueField, operator: Operator, value: string, masked: boolean): string | undefined {
  if (hasVariable(value)) {
    return undefined;
  }
  if (operator === '=~' || operator === '!~') {
    const fault = patternProblem(value);
    return fault && `has a broken regular expression “${value}”: ${fault}`;
  }
  if (isBlockOperator(operator)) {
    return masked || isBlock(value) ? undefined : 'takes CIDR blocks such as 192.0.2.0/24, or addresses';
  }
  const exact = operator === '=' || operator === '!=';
  return kindProblem(field, value) ?? (exact ? exactProblem(field, value, masked) : undefined);
}

/** Whether the answer's groups have a dimension, because the query counts by it or has it as a column. */
function hasDimension(query: FullQuery, name: string): boolean {
  if (applies(query).fields) {
    return query.fields.length === 0 || query.fields.includes(name);
  }
  return query.groupBy.includes(name);
}

function addDimension(query: AccessQuery, name: string): AccessQuery {
  const full = withDefaults(query);
  return applies(full).fields
    ? { ...query, fields: [...full.fields, name] }
    : { ...query, groupBy: [...full.groupBy, name] };
}

/**
 * GraphQL answers with groups, so a filter that it cannot do itself can be applied only to a field that the groups
 * have. They always have the ID that a filtered name belongs to.
 */
function graphqlProblem(query: FullQuery, filter: Filter, at: Problem['at']): Problem | undefined {
  const field = findField(query.queryType, filter.field);
  if (!field || !isFinished(filter)) {
    return undefined;
  }
  const able =
    field.upstream?.[filter.operator] !== undefined ||
    field.derived?.names !== undefined ||
    isBlockOperator(filter.operator);
  if (catalogue[query.queryType].api !== 'graphql' || able || hasDimension(query, field.name)) {
    return undefined;
  }
  const where = applies(query).fields ? 'columns' : 'fields to count by';
  const can = Object.keys(field.upstream ?? {}).join(', ');
  return {
    at,
    text: `Cloudflare’s GraphQL API has no “${filter.operator}” for ${field.label}. Add the field to the ${where}${can && `, or use ${can}`}.`,
    ...((field.groupable || applies(query).fields) && {
      fix: { label: `Add ${field.label} to the ${where}`, apply: (current) => addDimension(current, field.name) },
    }),
  };
}

/** What is wrong with a condition on single events, whatever else the query asks. */
export function conditionProblem(
  { queryType }: FullQuery,
  filter: Filter,
  at: Problem['at'],
  options: ProblemOptions
): Problem | undefined {
  if (hasVariable(filter.field) || !isFinished(filter)) {
    return undefined;
  }
  const field = findField(queryType, filter.field);
  const title = catalogue[queryType].title;
  if (!field) {
    return { at, text: `${title} have no field “${filter.field}”. Choose another field or remove the filter.` };
  }
  if (!field.operators.includes(filter.operator)) {
    return { at, text: `${field.label} has no operator “${filter.operator}”. Use ${field.operators.join(', ')}.` };
  }
  for (const value of filter.values) {
    const fault = valueProblem(field, filter.operator, value, options.masked);
    if (fault) {
      return { at, text: `${field.label} ${fault}${fault.includes('“') ? '' : `, not “${value}”`}.` };
    }
  }
  return undefined;
}

/** What is wrong with a filter of the query. */
export function filterProblem(
  query: FullQuery,
  filter: Filter,
  at: number,
  options: ProblemOptions
): Problem | undefined {
  return conditionProblem(query, filter, at, options) ?? graphqlProblem(query, filter, at);
}
