import type { DataSourceJsonData } from '@grafana/data';
import { QUERY_TYPES } from '../../catalogue/index';
import {
  DEFAULT_API_URL,
  DEFAULT_MAX_ROWS,
  GUARDED_RESOURCES,
  ROLES,
  type AccessOptions,
  type AccessSecrets,
} from '../../src/types';
import { closedObject, type JsonObject } from './json';

/** One key of the data source's jsonData, in JSON Schema's words. */
export interface SettingSchema {
  description: string;
  type: 'string' | 'integer' | 'boolean' | 'object';
  enum?: string[];
  pattern?: string;
  format?: 'email' | 'uri';
  default?: string | number | boolean;
  minimum?: number;
  maximum?: number;
  properties?: JsonObject;
  additionalProperties?: false;
}

/** Keys of jsonData that the config page writes. The compiler checks them against its type. */
type OptionName = Exclude<keyof AccessOptions, keyof DataSourceJsonData> | 'authType';

const OPTIONS: Record<OptionName, SettingSchema> = {
  accountId: {
    description: 'Cloudflare account ID: 32 hexadecimal digits.',
    type: 'string',
    pattern: '^[0-9a-fA-F]{32}$',
  },
  authType: {
    description: 'How to authenticate: with an API token, or with an email address and the Global API Key.',
    type: 'string',
    enum: ['apiToken', 'apiKey'],
    default: 'apiToken',
  },
  email: {
    description: 'Email address of the Cloudflare user that the API key belongs to. Only used with authType apiKey.',
    type: 'string',
    format: 'email',
  },
  apiUrl: {
    description: "URL of Cloudflare's API, without a slash at the end. Its host must be allowed on the Grafana server.",
    type: 'string',
    format: 'uri',
    default: DEFAULT_API_URL,
  },
  cacheLimitMb: {
    description: 'Memory for events that the data source keeps, in megabytes. 0 turns the cache off.',
    type: 'integer',
    minimum: 0,
    maximum: 65536,
    default: 256,
  },
  sealAfter: {
    description:
      'Age after which the data source assumes that Cloudflare has delivered all events, such as 15m. From 0s to 24h.',
    type: 'string',
    default: '15m',
  },
  keepFor: {
    description:
      'Greatest age of anything that the data source keeps in memory, such as 24h. From 1m to 4320h (180 days).',
    type: 'string',
    default: '24h',
  },
  maxRows: {
    description: 'Largest number of events that one query reads.',
    type: 'integer',
    minimum: 1,
    maximum: 10000000,
    default: DEFAULT_MAX_ROWS,
  },
  reservePercent: {
    description: "Share of Cloudflare's rate limit that the data source leaves to others, in percent.",
    type: 'integer',
    minimum: 0,
    maximum: 90,
    default: 10,
  },
  accountRateLimit: {
    description: 'Ask Cloudflare to count GraphQL calls by account instead of by user.',
    type: 'boolean',
    default: false,
  },
  maskIdentities: {
    description: 'What happens to personal fields before they leave the data source.',
    type: 'string',
    enum: ['none', 'pseudonym', 'redact'],
    default: 'none',
  },
  minRoles: {
    description:
      'Smallest role in Grafana that may use each query type and each list. What is absent is for everybody.',
    type: 'object',
    properties: Object.fromEntries(
      [...QUERY_TYPES, ...GUARDED_RESOURCES].map((name) => [name, { type: 'string', enum: [...ROLES] }])
    ),
    additionalProperties: false,
  },
  enableSecureSocksProxy: {
    description: 'Reach Cloudflare through Private data source connect (PDC), if Grafana offers it.',
    type: 'boolean',
    default: false,
  },
  timeout: { description: 'Timeout of one call to Cloudflare, in seconds.', type: 'integer', minimum: 1 },
  tlsAuthWithCACert: { description: 'Trust the given CA certificate.', type: 'boolean', default: false },
  tlsSkipVerify: { description: "Don't check the API's certificate. This is unsafe.", type: 'boolean', default: false },
  serverName: { description: "Name that the API's certificate must have.", type: 'string' },
};

/** Keys that only provisioning writes: the plugin SDK's HTTP client reads them. */
const SDK_OPTIONS: Record<string, SettingSchema> = {
  tlsAuth: { description: 'Present a client certificate to the API.', type: 'boolean', default: false },
};

/** Every key of jsonData. */
export const SETTINGS: Record<string, SettingSchema> = { ...OPTIONS, ...SDK_OPTIONS };

const SECRET_OPTIONS: Record<keyof AccessSecrets, string> = {
  apiToken: 'Cloudflare API token. Required with authType apiToken.',
  apiKey: 'Cloudflare Global API Key. Required with authType apiKey.',
  maskKey: 'Key that makes the pseudonyms, at least 16 characters. Required with maskIdentities pseudonym.',
  tlsCACert: 'CA certificate in PEM format. Required with tlsAuthWithCACert.',
};

const SDK_SECRETS: Record<string, string> = {
  tlsClientCert: 'Client certificate in PEM format. Required with tlsAuth.',
  tlsClientKey: 'Key of the client certificate in PEM format. Required with tlsAuth.',
};

/** Every key of secureJsonData. */
export const SECRETS: Record<string, string> = { ...SECRET_OPTIONS, ...SDK_SECRETS };

const EXAMPLE_ACCOUNT = '0123456789abcdef0123456789abcdef';

export function settingsSchema(): JsonObject {
  const jsonData: JsonObject = {};
  for (const [key, setting] of Object.entries(SETTINGS)) {
    jsonData[key] = { ...setting };
  }
  return {
    spec: { type: 'object', properties: { jsonData: { ...closedObject(jsonData, ['accountId']) } } },
    secureValues: Object.entries(SECRETS).map(([key, description]) => ({ key, description })),
  };
}

export function settingsExamples(): JsonObject {
  const example = (summary: string, description: string, jsonData: JsonObject): JsonObject => ({
    summary,
    description,
    value: { jsonData: { accountId: EXAMPLE_ACCOUNT, ...jsonData } },
  });
  return {
    examples: {
      apiToken: example('API token', 'Recommended. The token is in the secure value apiToken.', {
        authType: 'apiToken',
      }),
      apiKey: example('Email and API key', 'The key is in the secure value apiKey.', {
        authType: 'apiKey',
        email: 'admin@example.com',
      }),
      pseudonyms: example(
        'Personal fields as pseudonyms',
        'The same person has the same pseudonym everywhere. The key that makes the pseudonyms is in the secure value maskKey.',
        { authType: 'apiToken', maskIdentities: 'pseudonym' }
      ),
    },
  };
}
