import type { AccessUser } from '../cloudflareTypes';
import { hashText, unit } from '../hash';
import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import type { Login } from '../events/login';
import { openSessions } from '../events/sessions';
import type { Person } from '../organisation/people';
import { DAY_US, windowQuery, type World } from '../world';
import { pageOf } from './paging';
import { activeSessionRow, dress, failedLoginRow } from './rows';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Enough to find everybody's last login; whoever has none among them signed in long ago. */
const LOGINS_LOOKED_AT = 30_000;
/** `failed_logins` has no pages. */
const FAILED_LOGINS_GIVEN = 1000;

/** Last successful logins by index of the person, microseconds; kept for the minute that they were read in. */
function lastLogins(world: World, nowUs: number): Map<number, number> {
  const minute = Math.floor(nowUs / 60_000_000);
  const { version } = world.attacks;
  const kept = lastLoginsKept.get(world);
  if (kept?.minute === minute && kept.version === version) {
    return kept.byPerson;
  }
  const byPerson = new Map<number, number>();
  const query = { fromUs: nowUs - 14 * DAY_US, toUs: nowUs, nowUs };
  for (const login of world.identity.page(query, { descending: true, skip: 0, take: LOGINS_LOOKED_AT })) {
    if (login.allowed && login.person >= 0 && !byPerson.has(login.person)) {
      byPerson.set(login.person, login.rawUs);
    }
  }
  lastLoginsKept.set(world, { minute, version, byPerson });
  return byPerson;
}
const lastLoginsKept = new WeakMap<World, { minute: number; version: number; byPerson: Map<number, number> }>();

function iso(us: number): string {
  return new Date(Math.floor(us / 1000)).toISOString();
}

function userRow(person: Person, lastUs: number | undefined): AccessUser {
  const created = Date.UTC(2024, 0, 1) + Math.floor(unit(hashText(7, person.email)) * 500 * 86_400_000);
  return {
    id: person.id,
    uid: person.uid,
    name: person.name,
    email: person.email,
    seat_uid: person.seatId,
    access_seat: true,
    gateway_seat: person.warp,
    active_device_count: person.warp ? 1 : 0,
    ...(lastUs === undefined ? {} : { last_successful_login: iso(lastUs) }),
    created_at: new Date(created).toISOString(),
    updated_at: iso(lastUs ?? created * 1000),
  };
}

function listUsers(call: CallContext): Reply {
  const { world, query } = call;
  const exact = call.personality.userMatch === 'exact';
  const fits = (text: string, wanted: string | null) => {
    if (!wanted) {
      return true;
    }
    const [a, b] = [text.toLowerCase(), wanted.toLowerCase()];
    return exact ? a === b : a.includes(b);
  };
  const search = query.get('search');
  const last = lastLogins(world, call.nowUs);
  const rows = world.organisation.people.flatMap((person, index) => {
    const wanted =
      fits(person.name, query.get('name')) &&
      fits(person.email, query.get('email')) &&
      (fits(person.name, search) || fits(person.email, search));
    return wanted ? [userRow(person, last.get(index))] : [];
  });
  return pageOf(call, rows, 1000, 1000);
}

/** Index of the person of the path. */
export function findPerson(call: CallContext): number {
  const { user_id: id } = call.params;
  if (!UUID.test(id)) {
    throw apiError(
      404,
      7003,
      `Could not route to /accounts/${call.params.account_id}/access/users/${id}, perhaps your object identifier is invalid?`
    );
  }
  const index = call.world.organisation.people.findIndex((person) => person.id === id.toLowerCase());
  if (index < 0) {
    throw apiError(404, 11021, 'access.api.error.user_not_found');
  }
  return index;
}

function getUser(call: CallContext): Reply {
  const index = findPerson(call);
  return success(userRow(call.world.organisation.people[index], lastLogins(call.world, call.nowUs).get(index)));
}

/** No parameters at all: neither time nor pages. Newest first. */
function listFailedLogins(call: CallContext): Reply {
  const index = findPerson(call);
  const { world, personality, nowUs } = call;
  const reach = Math.min(personality.failedLoginsDays, personality.retentionDays);
  const query = windowQuery<Login>(personality, nowUs, {}, reach);
  query.weight = (login) => (login.person === index && !login.allowed ? 1 : 0);
  query.weightKey = `failed:${index}`;
  const logins = world.identity.page(query, { descending: true, skip: 0, take: FAILED_LOGINS_GIVEN });
  const rows = logins.map((login) => {
    const row = failedLoginRow(world.organisation, personality, login);
    return { ...row, metadata: dress(row.metadata, personality) };
  });
  return success(rows, { count: rows.length, page: 1, per_page: rows.length, total_count: rows.length });
}

/** No parameters either, and no `result_info`. Newest first. */
function listActiveSessions(call: CallContext): Reply {
  const { world, personality } = call;
  const sessions = openSessions(world, findPerson(call)).reverse();
  return success(
    sessions.map((session) => {
      const row = activeSessionRow(world.organisation, session);
      return { ...row, metadata: dress(row.metadata ?? {}, personality) };
    })
  );
}

const permission = 'Access: Audit Logs Read';

export const userEndpoints: readonly Endpoint[] = [
  { method: 'GET', path: '/accounts/{account_id}/access/users', surface: 'users', permission, handle: listUsers },
  {
    method: 'GET',
    path: '/accounts/{account_id}/access/users/{user_id}',
    surface: 'user',
    permission,
    handle: getUser,
  },
  {
    method: 'GET',
    path: '/accounts/{account_id}/access/users/{user_id}/failed_logins',
    surface: 'failed_logins',
    permission,
    handle: listFailedLogins,
  },
  {
    method: 'GET',
    path: '/accounts/{account_id}/access/users/{user_id}/active_sessions',
    surface: 'active_sessions',
    permission,
    handle: listActiveSessions,
  },
];
