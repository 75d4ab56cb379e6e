import { mix, unit, uuidFor } from '../hash';
import type { Configuration } from './documents';
import type { Change } from './history';
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

/**
 * What somebody changes who looks after the account: mostly how long a session lasts. All of it is about copies that
 * were made for a trial and that nobody signs in to. What decides about logins only changes as `history.ts` says.
 */
export function drawChange(organisation: Organisation, h: number): ConfigurationChange {
  const draw = (what: number) => unit(mix(h + what));
  let left = draw(1);
  const action = ACTIONS.find(([, share]) => (left -= share) < 0)?.[0] ?? 'update';
  const app = organisation.applications[Math.floor(draw(2) * organisation.applications.length)];
  const session_duration = SESSIONS[Math.floor(draw(3) * SESSIONS.length)];
  const kind = draw(4) < 0.5 ? 'policy' : draw(4) < 0.8 ? 'application' : 'group';
  const trial = uuidFor(organisation.seed, `trial:${app.name}`);
  switch (kind) {
    case 'application': {
      const body = { name: `${app.name} (trial)`, type: app.type, session_duration };
      return changed(kind, action, 'apps', trial, body);
    }
    case 'policy': {
      const include = [{ email_domain: { domain: 'example.com' } }];
      const body = {
        name: `${app.name} (trial)`,
        decision: 'allow',
        include,
        require: [],
        exclude: [],
        session_duration,
      };
      return changed(
        kind,
        action,
        `apps/${trial}/policies`,
        uuidFor(organisation.seed, `trial policy:${app.name}`),
        body
      );
    }
    case 'group': {
      const group = organisation.groups[Math.floor(draw(5) * organisation.groups.length)];
      const person = organisation.people[Math.floor(draw(6) * organisation.people.length)];
      const body = { name: `${group.name} on call`, include: [{ email: { email: person.email } }] };
      return changed(kind, action, 'groups', uuidFor(organisation.seed, `on call:${group.name}`), body);
    }
  }
}

/** A change to what decides about logins, with the body as it was written. */
export function writtenChange(organisation: Organisation, { mistake, after }: Change): ConfigurationChange {
  const { kind, id, path } = mistake;
  return changed(kind, 'update', path.slice(0, path.lastIndexOf('/')), id, bodyOf(organisation, after, kind, id));
}

/** Somebody who may not tries to open a policy to everybody. It is refused, so nothing changes. */
export function refusedChange(
  organisation: Organisation,
  configuration: Configuration,
  h: number
): ConfigurationChange {
  const app = configuration.applications[h % configuration.applications.length];
  const [policy] = app.policies;
  const body = { ...bodyOf(organisation, configuration, 'policy', policy.id), include: [{ everyone: {} }] };
  return changed('policy', 'update', policy.reusable ? 'policies' : `apps/${app.uid}/policies`, policy.id, body);
}

function bodyOf(
  { applications }: Organisation,
  configuration: Configuration,
  kind: ConfigurationChange['kind'],
  id: string
): Readonly<Record<string, unknown>> {
  switch (kind) {
    case 'policy': {
      const policies = configuration.applications.flatMap((app) => app.policies.map((policy, i) => ({ policy, i })));
      const found = policies.find(({ policy }) => policy.id === id);
      const { id: _, reusable, ...body } = found?.policy ?? { id, reusable: false };
      return reusable ? body : { ...body, precedence: (found?.i ?? 0) + 1 };
    }
    case 'group': {
      const { id: _, ...body } = configuration.groups.find((group) => group.id === id) ?? { id };
      return body;
    }
    case 'application': {
      const index = applications.findIndex(({ uid }) => uid === id);
      const { name, type, domain } = applications[index];
      const allowed_idps = configuration.applications[index].allowedIdps;
      return { name, type, ...(domain ? { domain } : {}), allowed_idps, session_duration: '24h' };
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
