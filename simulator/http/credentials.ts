import { ACCOUNT_ID, EMPTY_ACCOUNT_ID, GLOBAL_KEY, GLOBAL_KEY_EMAIL } from '../constants';
import { uuidFor } from '../hash';
import { ApiError, apiError } from './envelope';

export const PERMISSIONS = [
  'Access: Audit Logs Read',
  'Access: SCIM Logs Read',
  'Access: Apps and Policies Read',
  'Access: Organizations, Identity Providers, and Groups Read',
  'Access: Service Tokens Read',
  'Access: Mutual TLS Certificates Read',
  'Zero Trust Read',
  'Account Analytics Read',
  'Account Settings Read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export interface Credential {
  readonly name: string;
  readonly about: string;
  /** Absent for the email address with the global key. */
  readonly token?: string;
  readonly id: string;
  /** Account-owned tokens verify at the account, user tokens at the user. */
  readonly owner: 'user' | 'account';
  readonly status: 'active' | 'disabled' | 'expired';
  readonly permissions: readonly Permission[];
  readonly accounts: readonly string[];
}

function token(
  name: string,
  about: string,
  permissions: readonly Permission[],
  more: Partial<Pick<Credential, 'owner' | 'status' | 'accounts'>> = {}
): Credential {
  return {
    name,
    about,
    // Forty-four characters at least, like Cloudflare's.
    token: `simulated-${name}-token-`.padEnd(44, '0'),
    id: uuidFor(1, name).replaceAll('-', ''),
    owner: 'user',
    status: 'active',
    accounts: [ACCOUNT_ID],
    permissions,
    ...more,
  };
}

/** The credentials that the simulated account knows. */
export const CREDENTIALS: readonly Credential[] = [
  token('full-access', 'Every permission that the plugin can use, and two accounts.', PERMISSIONS, {
    accounts: [ACCOUNT_ID, EMPTY_ACCOUNT_ID],
  }),
  token('audit-logs-only', 'Only access requests, users, failed logins, active sessions, and JIT requests.', [
    'Access: Audit Logs Read',
  ]),
  token(
    'no-graphql',
    'Everything except GraphQL.',
    PERMISSIONS.filter((name) => name !== 'Account Analytics Read')
  ),
  token('graphql-only', 'Only GraphQL.', ['Account Analytics Read']),
  token('scim-only', 'Only SCIM updates and identity providers.', [
    'Access: SCIM Logs Read',
    'Access: Organizations, Identity Providers, and Groups Read',
  ]),
  token('logins-only', 'Only what shows logins and users: neither what decides about them nor who changed it.', [
    'Access: Audit Logs Read',
    'Account Analytics Read',
  ]),
  token(
    'no-policies',
    'Everything except applications and policies.',
    PERMISSIONS.filter((name) => name !== 'Access: Apps and Policies Read')
  ),
  token(
    'no-groups',
    'Everything except groups, identity providers, lists, and posture rules.',
    PERMISSIONS.filter(
      (name) => name !== 'Access: Organizations, Identity Providers, and Groups Read' && name !== 'Zero Trust Read'
    )
  ),
  token('no-permissions', 'Nothing. The token is active but has no permissions.', []),
  token(
    'account-owned',
    'Everything. The token belongs to the account, so only the account can verify it, not the user.',
    PERMISSIONS,
    {
      owner: 'account',
    }
  ),
  token('disabled', 'Nothing. Verification reports the token as disabled.', PERMISSIONS, { status: 'disabled' }),
  token('expired', 'Nothing. Verification reports the token as expired.', PERMISSIONS, { status: 'expired' }),
  {
    name: 'global-key',
    about: `Everything, with the email address \`${GLOBAL_KEY_EMAIL}\` and the Global API Key \`${GLOBAL_KEY}\`.`,
    id: uuidFor(1, 'global-key').replaceAll('-', ''),
    owner: 'user',
    status: 'active',
    permissions: PERMISSIONS,
    accounts: [ACCOUNT_ID, EMPTY_ACCOUNT_ID],
  },
];

export function credentialNamed(name: string): Credential {
  const found = CREDENTIALS.find((credential) => credential.name === name);
  if (!found) {
    throw new Error(`There is no credential "${name}". Credentials: ${CREDENTIALS.map((c) => c.name).join(', ')}.`);
  }
  return found;
}

type Headers = Record<string, string | string[] | undefined>;

function badHeader(code: number, header: string): ApiError {
  return new ApiError(400, [
    {
      code: 6003,
      message: 'Invalid request headers',
      error_chain: [{ code, message: `Invalid format for ${header} header` }],
    },
  ]);
}

function single(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Finds who calls. Throws Cloudflare's errors for absent, malformed and unknown credentials. */
export function authenticate(headers: Headers): Credential {
  const authorization = single(headers, 'authorization');
  if (authorization !== undefined) {
    const match = /^Bearer ([A-Za-z0-9_.-]{40,})$/.exec(authorization);
    if (!match) {
      throw badHeader(6111, 'Authorization');
    }
    const found = CREDENTIALS.find((credential) => credential.token === match[1]);
    if (!found) {
      throw apiError(401, 9109, 'Invalid access token');
    }
    return found;
  }
  const email = single(headers, 'x-auth-email');
  const key = single(headers, 'x-auth-key');
  if (email === undefined || key === undefined) {
    throw apiError(400, 9106, 'Missing X-Auth-Key, X-Auth-Email or Authorization headers');
  }
  if (!/^[0-9a-f]{37,45}$/.test(key)) {
    throw badHeader(6103, 'X-Auth-Key');
  }
  if (email !== GLOBAL_KEY_EMAIL || key !== GLOBAL_KEY) {
    throw apiError(403, 9103, 'Unknown X-Auth-Key or X-Auth-Email');
  }
  return credentialNamed('global-key');
}
