import { mix, unit, uuidFor } from '../hash';
import type { Organisation } from './organisation';

/** A change to what exists, as Cloudflare keeps it in the account's audit log. */
export interface ConfigurationChange {
  readonly kind: 'application' | 'policy' | 'group';
  readonly action: 'create' | 'update' | 'delete' | 'view';
  /** ID of what was changed. */
  readonly id: string;
  /** Below `/accounts/{account_id}/access/`. */
  readonly path: string;
  /** The bodies, where the call had one. A policy's is the policy as it was written. */
  readonly request?: Readonly<Record<string, unknown>>;
  readonly response?: Readonly<Record<string, unknown>>;
}

const ACTIONS: ReadonlyArray<readonly [ConfigurationChange['action'], number]> = [
  ['update', 0.72],
  ['create', 0.13],
  ['delete', 0.09],
  ['view', 0.06],
];
const SESSIONS = ['30m', '6h', '12h', '24h', '168h'];

/** What somebody changes who looks after the account: mostly how long a session lasts. */
export function drawChange(organisation: Organisation, h: number): ConfigurationChange {
  const draw = (what: number) => unit(mix(h + what));
  let left = draw(1);
  const action = ACTIONS.find(([, share]) => (left -= share) < 0)?.[0] ?? 'update';
  const app = organisation.applications[Math.floor(draw(2) * organisation.applications.length)];
  const session_duration = SESSIONS[Math.floor(draw(3) * SESSIONS.length)];
  const kind = draw(4) < 0.5 ? 'policy' : draw(4) < 0.8 ? 'application' : 'group';
  const existing = action === 'update' || action === 'view';
  switch (kind) {
    case 'application': {
      const id = existing ? app.uid : uuidFor(h, 'application');
      const name = existing ? app.name : `${app.name} (trial)`;
      const body = { name, type: app.type, ...(app.domain ? { domain: app.domain } : {}), session_duration };
      return changed(kind, action, 'apps', id, body);
    }
    case 'policy': {
      const id = existing ? app.policyId : uuidFor(h, 'policy');
      const groups = organisation.groups.filter(({ team }) => app.teams.includes(team));
      const include =
        groups.length > 0
          ? groups.map((group) => ({ group: { id: group.id } }))
          : [{ email_domain: { domain: 'example.com' } }];
      const name = existing ? `${app.name}: ${app.teams.join(', ') || 'everybody'}` : `${app.name}: for a while`;
      const body = { name, decision: 'allow', include, require: [], exclude: [], session_duration };
      return changed(kind, action, `apps/${app.uid}/policies`, id, body);
    }
    case 'group': {
      const group = organisation.groups[Math.floor(draw(5) * organisation.groups.length)];
      const id = existing ? group.id : uuidFor(h, 'group');
      const person = organisation.people[Math.floor(draw(6) * organisation.people.length)];
      const name = existing ? group.name : `${group.name} on call`;
      return changed(kind, action, 'groups', id, { name, include: [{ email: { email: person.email } }] });
    }
  }
}

/** Only what is created or updated has a request with a body; what is deleted answers with its ID. */
function changed(
  kind: ConfigurationChange['kind'],
  action: ConfigurationChange['action'],
  list: string,
  id: string,
  body: Readonly<Record<string, unknown>>
): ConfigurationChange {
  const written = action === 'create' || action === 'update';
  return {
    kind,
    action,
    id,
    path: action === 'create' ? list : `${list}/${id}`,
    ...(written ? { request: body } : {}),
    response: action === 'delete' ? { id } : { id, ...body },
  };
}
