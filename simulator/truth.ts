import type {
  AccessRequestRow,
  ActiveSessionRow,
  AuditRow,
  FailedLoginRow,
  JitRequestRow,
  ScimUpdateRow,
} from './cloudflareTypes';
import type { Verdict } from './evaluator/evaluator';
import { reasons, type PolicyReason } from './evaluator/reasons';
import type { Login } from './events/login';
import { emailText, rayId, slotOfRay, timeText } from './events/loginText';
import { MINUTE_US } from './events/offsets';
import { openSessions } from './events/sessions';
import { DIMENSIONS } from './graphql/dimensions';
import type { Personality } from './personality';
import { auditRow } from './rest/auditLog';
import { jitRequestRow } from './rest/jitRequests';
import { accessRequestRow, activeSessionRow, failedLoginRow, scimUpdateRow } from './rest/rows';
import { DAY_US, quantumUs, type World } from './world';

export const TRUTH_SURFACES = [
  'access_requests',
  'failed_logins',
  'scim_updates',
  'login_groups',
  'active_sessions',
  'explain',
  'access_changes',
  'jit_requests',
] as const;
export type TruthSurface = (typeof TRUTH_SURFACES)[number];

/** A login as GraphQL's dimensions show it, with its exact time beside the cut ones. */
export type LoginTruth = Record<string, string | number> & { created_at: string };

/** Why a login was decided as it was. */
export interface LoginReason {
  readonly created_at: string;
  readonly ray_id: string;
  readonly user_email: string;
  readonly app_uid: string;
  readonly app_name: string;
  readonly allowed: boolean;
  readonly verdict: Verdict;
  /** The policy that decided, empty where none did. */
  readonly policy_id: string;
  readonly policy_name: string;
  /** Every rule of the application as it then stood, in the order in which Access asks. */
  readonly policies: readonly PolicyReason[];
}

export interface TruthRows {
  access_requests: AccessRequestRow;
  failed_logins: FailedLoginRow;
  scim_updates: ScimUpdateRow;
  login_groups: LoginTruth;
  active_sessions: ActiveSessionRow;
  explain: LoginReason;
  /** Without the entries of the audit log that are about something else. */
  access_changes: AuditRow;
  jit_requests: JitRequestRow;
}

export interface TruthQuery<S extends TruthSurface> {
  surface: S;
  /** Epoch milliseconds, both inclusive. */
  from: number;
  to: number;
  /** UUID of the person; failed logins and active sessions need it. */
  userId?: string;
  /** Only this Ray ID, which has one or two rows. Only for `explain`. */
  rayId?: string;
}

/**
 * What really happened in a window, oldest first: each row once, nothing left out, whatever faults and delays
 * are on. Only the row's own shape (precision of times, names of fields) follows the personality. Sessions are
 * those that are open now and began in the window,
 * and requests for access stand as they do now.
 */
export function truth<S extends TruthSurface>(
  world: World,
  personality: Personality,
  query: TruthQuery<S>
): Array<TruthRows[S]> {
  const rows: Array<TruthRows[TruthSurface]> = [];
  visitTruth(world, personality, query, (row) => rows.push(row()));
  return rows as Array<TruthRows[S]>;
}

/** The number of rows of `truth`, without making them. */
export function truthCount(world: World, personality: Personality, query: TruthQuery<TruthSurface>): number {
  let count = 0;
  visitTruth(world, personality, query, () => count++);
  return count;
}

function visitTruth(
  world: World,
  personality: Personality,
  query: TruthQuery<TruthSurface>,
  visit: (row: () => TruthRows[TruthSurface]) => void
): void {
  const { organisation } = world;
  const window = truthWindow(world, personality, query.from, query.to);
  switch (query.surface) {
    case 'access_requests':
      (personality.nonIdentityInRest ? world.logins : world.identity).scan(window, (login) =>
        visit(() => accessRequestRow(organisation, personality, login))
      );
      break;
    case 'scim_updates':
      world.scim.scan(window, (update) => visit(() => scimUpdateRow(organisation, personality, update)));
      break;
    case 'login_groups':
      (personality.identityInGraphql ? world.logins : world.nonIdentity).scan(window, (login) =>
        visit(() => loginTruth(world, login))
      );
      break;
    case 'explain':
      if (query.rayId !== undefined) {
        const slot = slotOfRay(query.rayId) ?? -1;
        window.fromUs = Math.max(window.fromUs, slot * MINUTE_US);
        window.toUs = Math.min(window.toUs, (slot + 1) * MINUTE_US);
      }
      world.logins.scan(window, (login) => {
        if (query.rayId === undefined || rayId(login) === query.rayId) {
          visit(() => loginReason(world, login));
        }
      });
      break;
    case 'failed_logins': {
      const person = personOf(world, query);
      const oldest = world.clock.now() * 1000 - personality.failedLoginsDays * DAY_US;
      window.fromUs = Math.max(window.fromUs, Math.ceil(oldest / 1000) * 1000);
      world.identity.scan(window, (login) => {
        if (login.person === person && !login.allowed) {
          visit(() => failedLoginRow(organisation, personality, login));
        }
      });
      break;
    }
    case 'active_sessions':
      for (const session of openSessions(world, personOf(world, query))) {
        const row = activeSessionRow(organisation, session);
        const began = (row.metadata?.iat ?? 0) * 1000;
        if (began >= query.from && began <= query.to) {
          visit(() => row);
        }
      }
      break;
    case 'access_changes':
      world.audit.scan(window, (entry) => {
        if (entry.change) {
          visit(() => auditRow(organisation, personality, entry));
        }
      });
      break;
    case 'jit_requests':
      world.jit.scan(window, (request) => visit(() => jitRequestRow(organisation, personality, request, window.nowUs)));
  }
}

function personOf({ organisation }: World, { surface, userId }: TruthQuery<TruthSurface>): number {
  const person = organisation.people.findIndex(({ id }) => id === userId);
  if (person < 0) {
    throw new Error(`${surface} needs the UUID of a person as user_id.`);
  }
  return person;
}

function truthWindow(world: World, personality: Personality, from: number, to: number) {
  const quantum = quantumUs(personality);
  const nowUs = world.clock.now() * 1000;
  return {
    fromUs: Math.ceil((from * 1000) / quantum) * quantum,
    toUs: Math.floor((to * 1000) / quantum) * quantum + quantum,
    nowUs,
  };
}

function loginTruth(world: World, login: Login): LoginTruth {
  const dimensions = Object.fromEntries(DIMENSIONS.map(({ name, value }) => [name, value(world.organisation, login)]));
  return { created_at: timeText(Math.floor(login.rawUs / 1000) * 1000, 1000), ...dimensions };
}

function loginReason({ organisation, judge }: World, login: Login): LoginReason {
  const app = organisation.applications[login.app];
  const { verdict, allowed, policy } = login.decision;
  const { configuration } = organisation.history.at(login.rawUs);
  return {
    created_at: timeText(Math.floor(login.rawUs / 1000) * 1000, 1000),
    ray_id: rayId(login),
    user_email: emailText(organisation, login),
    app_uid: app.uid,
    app_name: app.name,
    allowed,
    verdict,
    policy_id: policy?.id ?? '',
    policy_name: policy?.name ?? '',
    policies: reasons(configuration, login.app, judge.attempt(login)),
  };
}
