import { QUERY_TYPES } from '../../catalogue/index';
import type { JsonObject } from './json';

const OPTION: JsonObject = {
  type: 'object',
  required: ['text', 'value'],
  properties: { text: { type: 'string' }, value: { type: 'string' } },
};
const COUNTED_OPTION: JsonObject = {
  ...OPTION,
  required: ['text', 'value', 'count'],
  properties: { text: { type: 'string' }, value: { type: 'string' }, count: { type: 'integer' } },
};

const BUDGET: JsonObject = {
  type: 'object',
  required: ['api', 'limit', 'windowSeconds', 'left', 'nextAt'],
  properties: {
    api: { type: 'string', enum: ['rest', 'graphql'] },
    limit: { type: 'integer', description: 'Calls in a window.' },
    windowSeconds: { type: 'integer' },
    left: { type: 'integer', description: 'Calls that are left in this window.' },
    nextAt: { type: 'string', format: 'date-time', description: 'When the next call is possible.' },
  },
};

const FORGOTTEN: JsonObject = {
  type: 'object',
  required: ['rows', 'bytes'],
  properties: {
    rows: { type: 'integer', description: 'Events, or groups of events, that were freed.' },
    bytes: { type: 'integer', description: 'Memory that they took.' },
  },
};

const FAILURE: JsonObject = {
  type: 'object',
  required: ['error', 'message'],
  properties: { error: { type: 'string' }, message: { type: 'string' } },
};

/** What the data source answers under /resources, as OpenAPI paths. */
export function routes(): JsonObject {
  return {
    paths: {
      '/resources/values': get('values', 'Values of a field in a time range, most frequent first.', COUNTED_OPTION, [
        parameter('queryType', 'Query type that has the field.', true, { type: 'string', enum: [...QUERY_TYPES] }),
        parameter('field', 'Name of the field.', true),
        parameter('from', 'Start of the range: epoch milliseconds or RFC 3339.', false),
        parameter('to', 'End of the range: epoch milliseconds or RFC 3339.', false),
        parameter('prefix', 'Text that the values start with.', false),
      ]),
      '/resources/users': get('users', 'Users of the account.', OPTION, [
        parameter('search', 'Part of a name or an email address.', false),
      ]),
      '/resources/identity-providers': get('identityProviders', 'Identity providers of the account.', OPTION, []),
      '/resources/apps': get('apps', 'Access applications of the account.', OPTION, []),
      '/resources/accounts': get('accounts', 'Accounts that the token can read.', OPTION, []),
      '/resources/budget': get('budget', 'What is left of the rate limit of each API.', BUDGET, []),
      '/resources/forget': {
        post: answering('forget', 'Frees what is kept of the account. Only administrators may.', FORGOTTEN, []),
      },
    },
  };
}

function parameter(name: string, description: string, required: boolean, schema: JsonObject = { type: 'string' }) {
  return { name, in: 'query', description, required, schema };
}

function get(operationId: string, summary: string, items: JsonObject, parameters: JsonObject[]): JsonObject {
  return { get: answering(operationId, summary, { type: 'array', items }, parameters) };
}

function answering(operationId: string, summary: string, body: JsonObject, parameters: JsonObject[]): JsonObject {
  return {
    operationId,
    summary,
    parameters,
    responses: {
      '200': { description: 'OK', content: { 'application/json': { schema: body } } },
      default: {
        description: 'A message that says what went wrong.',
        content: { 'application/json': { schema: FAILURE } },
      },
    },
  };
}
