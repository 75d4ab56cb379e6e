import { ACCOUNT_ID } from '../constants';
import { graphqlEndpoints } from '../graphql/endpoint';
import { accessRequestEndpoints } from '../rest/accessRequests';
import { accountEndpoints } from '../rest/accounts';
import { configurationEndpoints } from '../rest/configuration';
import { identityEndpoints } from '../rest/identities';
import { auditLogEndpoints } from '../rest/auditLog';
import { inventoryEndpoints } from '../rest/inventory';
import { jitRequestEndpoints } from '../rest/jitRequests';
import { scimUpdateEndpoints } from '../rest/scimUpdates';
import { userEndpoints } from '../rest/users';
import { zeroTrustEndpoints } from '../rest/zeroTrust';
import type { Endpoint } from './context';
import type { Credential } from './credentials';
import { ApiError, apiError } from './envelope';

export const ENDPOINTS: readonly Endpoint[] = [
  ...accountEndpoints,
  ...configurationEndpoints,
  ...inventoryEndpoints,
  ...zeroTrustEndpoints,
  ...userEndpoints,
  ...identityEndpoints,
  ...accessRequestEndpoints,
  ...scimUpdateEndpoints,
  ...auditLogEndpoints,
  ...jitRequestEndpoints,
  ...graphqlEndpoints,
];

export const SURFACES: readonly string[] = [...new Set(ENDPOINTS.map(({ surface }) => surface))];

const ROUTES = ENDPOINTS.map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${endpoint.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`),
}));

export interface Match {
  endpoint: Endpoint;
  params: Record<string, string>;
}

export function findRoute(path: string): Match | undefined {
  for (const { endpoint, pattern } of ROUTES) {
    const match = pattern.exec(path);
    if (match) {
      return { endpoint, params: { ...match.groups } };
    }
  }
  return undefined;
}

export function noRoute(path: string): ApiError {
  return new ApiError(404, [
    { code: 7003, message: `Could not route to ${path}, perhaps your object identifier is invalid?` },
    { code: 7000, message: 'No route for that URI' },
  ]);
}

/** Account and permission of a REST call, with the errors that Cloudflare gives. */
export function authorize(path: string, match: Match, credential: Credential): void {
  const { endpoint, params } = match;
  const account = params.account_id;
  if (account !== undefined && !/^[0-9a-f]{32}$/.test(account)) {
    throw noRoute(path);
  }
  if (endpoint.surface === 'verify') {
    return;
  }
  if (credential.status !== 'active') {
    throw apiError(401, 9109, 'Invalid access token');
  }
  if (account !== undefined && !credential.accounts.includes(account)) {
    throw endpoint.surface === 'account'
      ? apiError(403, 9109, 'Unauthorized to access requested resource')
      : apiError(403, 7403, 'The given account is not valid or is not authorized to access this service');
  }
  if (endpoint.permission && !credential.permissions.includes(endpoint.permission)) {
    throw apiError(403, 10000, 'Authentication error');
  }
  if (account !== undefined && account !== ACCOUNT_ID && endpoint.surface !== 'account') {
    throw apiError(404, 9999, 'access.api.error.not_enabled');
  }
}
