import type { AccessGroup, AccessPolicy, Certificate, IdentityProvider, ServiceToken } from '../cloudflareTypes';
import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import { applicationRow } from './applicationRow';
import { pageOf } from './paging';

const CREATED = '2025-02-03T10:00:00Z';

function contains(text: string | undefined, wanted: string | null, exact = false): boolean {
  if (!wanted) {
    return true;
  }
  const [a, b] = [(text ?? '').toLowerCase(), wanted.toLowerCase()];
  return exact ? a === b : a.includes(b);
}

function listApps(call: CallContext): Reply {
  const { query, world } = call;
  const exact = query.get('exact') === 'true';
  const search = query.get('search');
  const rows = world.organisation.applications
    .filter(
      (app) =>
        contains(app.name, query.get('name'), exact) &&
        contains(app.domain, query.get('domain'), exact) &&
        contains(app.aud, query.get('aud'), true) &&
        (contains(app.name, search) || contains(app.domain, search))
    )
    .map((app) => applicationRow(world.organisation, app));
  return pageOf(call, rows, 1000, 1000);
}

function getApp(call: CallContext): Reply {
  const { organisation } = call.world;
  const app = organisation.applications.find(({ uid }) => uid === call.params.app_id);
  if (!app) {
    throw apiError(404, 11021, 'access.api.error.application_not_found');
  }
  return success(applicationRow(organisation, app));
}

function listIdentityProviders(call: CallContext): Reply {
  const only = call.query.get('scim_enabled') === 'true';
  const shown = call.personality.hideProviders ? [] : call.world.organisation.providers;
  const rows = shown
    .filter((provider) => !only || provider.scim)
    .map((provider): IdentityProvider => {
      const scim_config = provider.scim
        ? {
            enabled: true,
            seat_deprovision: true,
            user_deprovision: true,
            identity_update_behavior: 'automatic' as const,
            scim_base_url: `https://example.cloudflareaccess.com/cdn-cgi/access/${provider.id}/scim/v2`,
          }
        : { enabled: false };
      const { id, name, type } = provider;
      return type === 'onetimepin'
        ? { id, name, type, config: {}, scim_config }
        : { id, name, type, config: { client_id: 'example', claims: ['groups'] }, scim_config };
    });
  return pageOf(call, rows, 200, 1000);
}

function listServiceTokens(call: CallContext): Reply {
  const { query, world, nowUs } = call;
  const rows = world.organisation.serviceAccounts
    .filter(({ name }) => contains(name, query.get('name')) && contains(name, query.get('search')))
    .map(
      (
        account
      ): ServiceToken & {
        last_seen_at?: string;
        client_secret_version: number;
        created_at: string;
        updated_at: string;
      } => ({
        id: account.id,
        name: account.name,
        client_id: account.clientId,
        client_secret_version: account.version,
        duration: '8760h',
        enabled: account.enabled,
        expires_at: '2027-12-31T23:59:59Z',
        created_at: CREATED,
        updated_at: CREATED,
        ...(account.enabled ? { last_seen_at: new Date(nowUs / 1000 - 60_000).toISOString() } : {}),
      })
    );
  return pageOf(call, rows, 1000, 1000);
}

function listGroups(call: CallContext): Reply {
  const { query, world } = call;
  const provider = world.organisation.providers[0].id;
  const rows = world.organisation.groups
    .filter(({ name }) => contains(name, query.get('name')) && contains(name, query.get('search')))
    .map((group): AccessGroup => ({
      id: group.id,
      name: group.name,
      include: [{ azureAD: { id: group.id, identity_provider_id: provider } }],
      require: [],
      exclude: [],
    }));
  return pageOf(call, rows, 1000, 1000);
}

function listPolicies(call: CallContext): Reply {
  const { organisation } = call.world;
  const serviceAuth: AccessPolicy = {
    id: organisation.serviceAuthPolicyId,
    name: 'Service tokens',
    decision: 'non_identity',
    include: organisation.serviceAccounts.map(({ id }) => ({ service_token: { token_id: id } })),
    require: [],
    exclude: [],
    app_count: organisation.applications.filter((app) => app.serviceAuth).length,
    reusable: true,
    created_at: CREATED,
    updated_at: CREATED,
  };
  const own = organisation.applications.map((app): AccessPolicy => ({
    id: app.policyId,
    name: `${app.name}: ${app.teams.length > 0 ? app.teams.join(', ') : 'everybody'}`,
    decision: 'allow',
    include:
      app.teams.length > 0
        ? organisation.groups.filter(({ team }) => app.teams.includes(team)).map(({ id }) => ({ group: { id } }))
        : [{ email_domain: { domain: 'example.com' } }],
    require: app.requiresCertificate ? [{ certificate: {} }] : [],
    exclude: [],
    app_count: 1,
    reusable: true,
    session_duration: '24h',
    created_at: CREATED,
    updated_at: CREATED,
  }));
  return pageOf(call, [serviceAuth, ...own], 100, 1000);
}

function listCertificates(call: CallContext): Reply {
  const rows = call.world.organisation.certificates.map(
    (certificate): Certificate & { created_at: string; updated_at: string } => ({
      id: certificate.id,
      name: certificate.name,
      fingerprint: certificate.fingerprint,
      associated_hostnames: [...certificate.hostnames],
      expires_on: '2027-12-31T23:59:59Z',
      created_at: CREATED,
      updated_at: CREATED,
    })
  );
  return pageOf(call, rows, 50, 1000);
}

const base = '/accounts/{account_id}/access';
const directory = 'Access: Organizations, Identity Providers, and Groups Read';
const apps = 'Access: Apps and Policies Read';

export const inventoryEndpoints: readonly Endpoint[] = [
  { method: 'GET', path: `${base}/apps`, surface: 'apps', permission: apps, handle: listApps },
  { method: 'GET', path: `${base}/apps/{app_id}`, surface: 'app', permission: apps, handle: getApp },
  { method: 'GET', path: `${base}/policies`, surface: 'policies', permission: apps, handle: listPolicies },
  { method: 'GET', path: `${base}/groups`, surface: 'groups', permission: directory, handle: listGroups },
  {
    method: 'GET',
    path: `${base}/identity_providers`,
    surface: 'identity_providers',
    permission: directory,
    handle: listIdentityProviders,
  },
  {
    method: 'GET',
    path: `${base}/service_tokens`,
    surface: 'service_tokens',
    permission: 'Access: Service Tokens Read',
    handle: listServiceTokens,
  },
  {
    method: 'GET',
    path: `${base}/certificates`,
    surface: 'certificates',
    permission: 'Access: Mutual TLS Certificates Read',
    handle: listCertificates,
  },
];
