import type { AccessApplication, AccessPolicy } from '../cloudflareTypes';
import type { Configuration, PolicyDocument } from '../organisation/documents';
import type { Organisation } from '../organisation/organisation';

const CREATED = '2025-02-03T10:00:00Z';

/** When something was made and last changed, as it is at a time (microseconds). */
export function times({ history }: Organisation, id: string, us: number): { created_at: string; updated_at: string } {
  const changed = history.changedUs(id, us);
  const updated_at = changed === undefined ? CREATED : new Date(Math.floor(changed / 1000)).toISOString();
  return { created_at: CREATED, updated_at };
}

/** A policy inside of an application, or alone. */
export function policyRow(organisation: Organisation, policy: PolicyDocument, us: number): AccessPolicy {
  const { include, require, exclude, approval_groups, reusable, ...rest } = policy;
  return {
    ...rest,
    include: [...include],
    require: [...require],
    exclude: [...exclude],
    ...(approval_groups
      ? {
          approval_groups: approval_groups.map(({ email_addresses, ...group }) => ({
            ...group,
            ...(email_addresses ? { email_addresses: [...email_addresses] } : {}),
          })),
        }
      : {}),
    ...(reusable ? { reusable } : {}),
    ...times(organisation, policy.id, us),
  };
}

/** Policies of an application with their precedence in it. */
export function applicationPolicies(
  organisation: Organisation,
  configuration: Configuration,
  app: number,
  us: number
): Array<AccessPolicy & { precedence: number }> {
  return configuration.applications[app].policies.map((policy, i) => ({
    ...policyRow(organisation, policy, us),
    precedence: i + 1,
  }));
}

/** An application as the apps list shows it, with its policies inside. */
export function applicationRow(organisation: Organisation, index: number, us: number): AccessApplication {
  const { configuration } = organisation.history.at(us);
  const app = organisation.applications[index];
  const shared = {
    id: app.uid,
    uid: app.uid,
    aud: app.aud,
    name: app.name,
    ...times(organisation, app.uid, us),
    session_duration: '24h',
    allowed_idps: [...configuration.applications[index].allowedIdps],
    policies: applicationPolicies(organisation, configuration, index, us),
  };
  switch (app.type) {
    case 'saas':
      return { ...shared, type: 'saas', saas_app: { auth_type: 'saml' } };
    case 'ssh':
    case 'vnc':
      return { ...shared, type: app.type, domain: app.domain ?? '' };
    case 'warp':
      return { ...shared, type: 'warp', domain: app.domain };
    default:
      return app.domain === undefined
        ? ({ ...shared, type: 'self_hosted' } as AccessApplication)
        : { ...shared, type: 'self_hosted', domain: app.domain, destinations: [{ type: 'public', uri: app.domain }] };
  }
}
