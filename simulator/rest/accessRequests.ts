import type { Feed, FeedQuery } from '../events/feed';
import { IDENTITY, type Login } from '../events/login';
import { emailText, rayId, slotOfRay } from '../events/loginText';
import { MINUTE_US } from '../events/offsets';
import type { CallContext, Endpoint } from '../http/context';
import { success, type Reply } from '../http/envelope';
import { boolean, oneOf, time } from '../http/query';
import { mix } from '../hash';
import { copies, quantumUs, shownUs, windowQuery } from '../world';
import { logPage, logResultInfo } from './paging';
import { accessRequestRow, dress } from './rows';

type Test = (login: Login) => boolean;

const EQUALITY = ['eq', 'neq'] as const;
const OPERATOR_PARAMETERS = [
  'allowed',
  'country_code',
  'app_type',
  'app_uid',
  'ray_id',
  'idp',
  'non_identity',
  'user_id',
].map((name) => `${name}Op`);

/**
 * The filters of `access_requests`. Only the `…Op` parameters and `email` are documented; that the values are
 * called as here, and how they are written, is a guess. `user_id` is documented to be taken and not applied.
 */
function filters(call: CallContext): Array<readonly [string, Test]> {
  const { query } = call;
  const { organisation } = call.world;
  const found: Array<readonly [string, Test]> = [];
  const equality = (name: string, matches: Test) => {
    const negated = oneOf(query, `${name}Op`, EQUALITY) === 'neq';
    found.push([name, (login) => matches(login) !== negated]);
  };
  const text = (name: string, matches: (login: Login, value: string) => boolean) => {
    const value = query.get(name);
    if (value !== null && value !== '') {
      equality(name, (login) => matches(login, value));
    }
  };
  // A wrong operator is refused even where its value is absent.
  OPERATOR_PARAMETERS.forEach((name) => oneOf(query, name, EQUALITY));
  const allowed = boolean(query, 'allowed');
  if (allowed !== undefined) {
    equality('allowed', (login) => login.allowed === allowed);
  }
  const nonIdentity = boolean(query, 'non_identity');
  if (nonIdentity !== undefined) {
    equality('non_identity', (login) => (login.stream !== IDENTITY) === nonIdentity);
  }
  text('country_code', (login, value) => login.country === value.toUpperCase());
  text('app_uid', (login, value) => organisation.applications[login.app].uid === value);
  text('app_type', (login, value) => organisation.applications[login.app].type === value);
  text('ray_id', (login, value) => rayId(login) === value);
  text('idp', (login, value) => {
    const provider = organisation.providers[login.provider];
    return provider !== undefined && (provider.id === value || provider.type === value);
  });
  const email = emailFilter(call);
  if (email) {
    found.push(['email', email]);
  }
  return found;
}

/** `email_exact` wins over `contains`; without an operator and without it, the match is a substring. */
function emailFilter(call: CallContext): Test | undefined {
  const { query } = call;
  const operator = oneOf(query, 'emailOp', ['eq', 'neq', 'contains']);
  const exact = boolean(query, 'email_exact') ?? false;
  const value = query.get('email');
  if (value === null || value === '') {
    return undefined;
  }
  const whole = exact || operator === 'eq';
  const matches: Test = (login) => {
    const email = emailText(call.world.organisation, login);
    return whole ? email === value : email.includes(value);
  };
  return operator === 'neq' ? (login) => !matches(login) : matches;
}

function buildQuery(call: CallContext): { query: FeedQuery<Login>; feed: Feed<Login>; empty: boolean } {
  const { personality, world, nowUs } = call;
  const untilUs = time(call.query, 'until');
  let sinceUs = time(call.query, 'since');
  if (sinceUs === undefined && personality.defaultWindowHours > 0) {
    sinceUs = Math.min(untilUs ?? nowUs, nowUs) - personality.defaultWindowHours * 3_600_000_000;
  }
  const window = windowQuery<Login>(personality, nowUs, { sinceUs, untilUs }, personality.retentionDays);
  const all = filters(call);
  const applied = all.filter(([name]) => !personality.ignoredFilters.includes(name));
  const empty = applied.some(([name]) => personality.emptyFilters.includes(name));
  const ray = call.query.get('ray_id');
  if (ray && applied.some(([name]) => name === 'ray_id') && call.query.get('ray_idOp') !== 'neq') {
    narrowToRay(window, ray);
  }
  if (applied.length > 0 || personality.duplicateShare > 0) {
    window.weight = (login) => (applied.every(([, test]) => test(login)) ? copies(login, personality) : 0);
    const values = applied.map(([name]) => [name, call.query.get(name), call.query.get(`${name}Op`)]);
    window.weightKey = JSON.stringify([values, call.query.get('email_exact'), personality.duplicateShare]);
  }
  return { query: window, feed: personality.nonIdentityInRest ? world.logins : world.identity, empty };
}

/** A Ray ID tells its minute, so that nobody waits for a search through months. */
function narrowToRay(window: FeedQuery<Login>, ray: string): void {
  const slot = slotOfRay(ray);
  window.fromUs = slot === undefined ? window.toUs : Math.max(window.fromUs, slot * MINUTE_US);
  window.toUs = slot === undefined ? window.toUs : Math.min(window.toUs, (slot + 1) * MINUTE_US);
}

/** Another order of rows of the same time for every page. The events of a slot come oldest first. */
function shuffleTies(call: CallContext, page: number): ((events: Login[]) => Login[]) | undefined {
  if (call.personality.tieOrder === 'stable') {
    return undefined;
  }
  const quantum = quantumUs(call.personality);
  const rank = (login: Login) => mix(login.chance + page);
  return (events) => events.sort((a, b) => shownUs(a, quantum) - shownUs(b, quantum) || rank(a) - rank(b));
}

function listAccessRequests(call: CallContext): Reply {
  const { personality, world } = call;
  const descending = oneOf(call.query, 'direction', ['desc', 'asc']) !== 'asc';
  const { query, feed, empty } = buildQuery(call);
  const page = logPage(call, 25);
  const fields = call.query
    .get('fields')
    ?.split(',')
    .map((name) => name.trim());
  const logins = empty
    ? []
    : feed.page(query, { descending, skip: page.skip, take: page.take, arrange: shuffleTies(call, page.page) });
  const rows = logins.map((login) =>
    dress(accessRequestRow(world.organisation, personality, login), personality, fields)
  );
  return success(
    rows,
    logResultInfo(call, page, rows.length, () => (empty ? 0 : feed.count(query)))
  );
}

export const accessRequestEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/accounts/{account_id}/access/logs/access_requests',
    surface: 'access_requests',
    permission: 'Access: Audit Logs Read',
    handle: listAccessRequests,
  },
];
