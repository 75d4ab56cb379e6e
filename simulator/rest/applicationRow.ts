import type { AccessApplication } from '../cloudflareTypes';
import type { Application } from '../organisation/applications';
import type { Organisation } from '../organisation/organisation';

const CREATED = '2025-02-03T10:00:00Z';

/** An application as the apps list shows it, with its policies inside. */
export function applicationRow(organisation: Organisation, app: Application): AccessApplication {
  const policies = [
    {
      id: app.policyId,
      name: `${app.name}: ${app.teams.length > 0 ? app.teams.join(', ') : 'everybody'}`,
      decision: 'allow' as const,
      precedence: 1,
      include:
        app.teams.length > 0
          ? organisation.groups.filter(({ team }) => app.teams.includes(team)).map(({ id }) => ({ group: { id } }))
          : [{ email_domain: { domain: 'example.com' } }],
      require: [],
      exclude: [],
    },
  ];
  const shared = {
    id: app.uid,
    uid: app.uid,
    aud: app.aud,
    name: app.name,
    created_at: CREATED,
    updated_at: CREATED,
    session_duration: '24h',
    allowed_idps: organisation.providers.map(({ id }) => id),
    policies,
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
