import type { QueryTypeName } from '../../catalogue/index';
import type { Question } from '../../dashboards/target';
import type { JsonObject } from './json';

interface Example {
  name: string;
  description: string;
  queryType: QueryTypeName;
  saveModel: Omit<Question, 'queryType'>;
}

/** Queries that show what each query type is for; the tests hold them against its schema. */
export const EXAMPLES: Example[] = [
  {
    name: 'Why was this login blocked?',
    description: 'The Ray ID stands on the block page.',
    queryType: 'access_requests',
    saveModel: { format: 'table', filters: [{ field: 'ray_id', operator: '=', values: ['8d3f0a1b2c4d5e6f'] }] },
  },
  {
    name: 'Blocked logins over time',
    description: 'One series; alert rules use it.',
    queryType: 'access_requests',
    saveModel: {
      format: 'time_series',
      filters: [{ field: 'outcome', operator: '=', values: ['blocked'] }],
      groupBy: ['outcome'],
    },
  },
  {
    name: 'Blocked logins by country, without two',
    description: 'Counts, largest first.',
    queryType: 'access_requests',
    saveModel: {
      format: 'table',
      filters: [
        { field: 'outcome', operator: '=', values: ['blocked'] },
        { field: 'country', operator: '!=', values: ['GB', 'US'] },
      ],
      groupBy: ['country'],
    },
  },
  {
    name: 'Logins of a domain as log lines',
    description: 'For Explore and the logs panel.',
    queryType: 'access_requests',
    saveModel: { format: 'logs', filters: [{ field: 'user_email', operator: 'contains', values: ['@example.com'] }] },
  },
  {
    name: 'Failed logins of one person',
    description: 'The user filter is needed; it takes a UUID or an e-mail address.',
    queryType: 'failed_logins',
    saveModel: { format: 'table', filters: [{ field: 'user_id', operator: '=', values: ['alex@example.com'] }] },
  },
  {
    name: 'SCIM updates that failed',
    description: 'Of every identity provider that has SCIM on.',
    queryType: 'scim_updates',
    saveModel: {
      format: 'table',
      filters: [{ field: 'outcome', operator: '=', values: ['failure'] }],
      fields: ['logged_at', 'request_method', 'resource_type', 'resource_user_email', 'error_description'],
    },
  },
  {
    name: 'Logins by service token',
    description: 'Logins without an identity are in this query type only.',
    queryType: 'login_groups',
    saveModel: {
      format: 'time_series',
      filters: [{ field: 'identityProvider', operator: '=', values: ['nonidentity'] }],
      groupBy: ['serviceTokenId'],
    },
  },
];

export function queryExamples(): JsonObject {
  return { examples: EXAMPLES.map((example) => ({ ...example, saveModel: toJson(example.saveModel) })) };
}

function toJson(model: Example['saveModel']): JsonObject {
  return JSON.parse(JSON.stringify(model));
}
