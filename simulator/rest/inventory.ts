import type { Certificate, IdentityProvider, ServiceToken } from '../cloudflareTypes';
import type { CallContext, Endpoint } from '../http/context';
import type { Reply } from '../http/envelope';
import { expiryAt, isValidAt, renewedBefore } from '../organisation/machines';
import { contains, pageOf } from './paging';

const CREATED = '2025-02-03T10:00:00Z';

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
  const expiringUs = world.attacks.expiringUs(nowUs);
  const rows = world.organisation.serviceAccounts
    .filter(({ name }) => contains(name, query.get('name')) && contains(name, query.get('search')))
    .map(
      (
        account,
        index
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
        duration: account.duration,
        enabled: account.enabled,
        expires_at: new Date(((index === 0 && expiringUs) || expiryAt(account, nowUs)) / 1000).toISOString(),
        created_at: CREATED,
        updated_at: CREATED,
        ...(isValidAt(account, nowUs) ? { last_seen_at: new Date(nowUs / 1000 - 60_000).toISOString() } : {}),
      })
    );
  return pageOf(call, rows, 1000, 1000);
}

function listCertificates(call: CallContext): Reply {
  const { attacks, organisation } = call.world;
  const expiringUs = attacks.expiringUs(call.nowUs);
  const rows = organisation.certificates.map(
    (certificate, index): Certificate & { created_at: string; updated_at: string } => ({
      id: certificate.id,
      name: certificate.name,
      fingerprint: certificate.fingerprint,
      associated_hostnames: [...certificate.hostnames],
      expires_on: new Date(
        ((index === 0 && expiringUs) || renewedBefore(certificate.alwaysLeft, call.nowUs)) / 1000
      ).toISOString(),
      created_at: CREATED,
      updated_at: CREATED,
    })
  );
  return pageOf(call, rows, 50, 1000);
}

const base = '/accounts/{account_id}/access';
const directory = 'Access: Organizations, Identity Providers, and Groups Read';

/** What logins use: providers, service tokens, client certificates. */
export const inventoryEndpoints: readonly Endpoint[] = [
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
