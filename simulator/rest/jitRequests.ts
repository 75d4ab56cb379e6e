import type { JitRequestEvent, JitRequestRow } from '../cloudflareTypes';
import { standsAt, type JitRequest } from '../events/jitRequests';
import { timeText } from '../events/loginText';
import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import { oneOf, time } from '../http/query';
import type { Organisation } from '../organisation/organisation';
import type { Personality } from '../personality';
import { copies, DAY_US, quantumUs, shownUs, windowQuery } from '../world';
import { logPage, logResultInfo } from './paging';
import { dress } from './rows';

const STATUSES = ['PENDING', 'APPROVED', 'DENIED', 'CANCELED', 'SPENT'] as const;
const REACH_DAYS = 366;

export function jitRequestRow(
  organisation: Organisation,
  personality: Personality,
  request: JitRequest,
  nowUs: number
): JitRequestRow {
  const app = organisation.applications[request.app];
  const status = standsAt(request, nowUs);
  const approvers = status === 'PENDING' ? [] : request.approvers.map((i) => organisation.people[i].email);
  const quantum = quantumUs(personality);
  return {
    knock_request_id: request.id,
    app_aud: app.aud,
    app_hostname: app.domain,
    requester_email: organisation.people[request.person].email,
    approver_emails: approvers,
    approvals_received: approvers.length,
    purpose_justification: request.reason,
    status,
    created_at: timeText(shownUs(request, quantum), quantum),
    expires_at: timeText(Math.floor(request.expiresUs / quantum) * quantum, quantum),
  };
}

/** Newest first, as there is no parameter for it. A deprecated SPENT is found as APPROVED. */
function listJitRequests(call: CallContext): Reply {
  const { personality, world, query, nowUs } = call;
  const { organisation, jit } = world;
  const row = (request: JitRequest) => jitRequestRow(organisation, personality, request, nowUs);
  const ignored = (name: string) => personality.ignoredFilters.includes(name);
  const wanted = oneOf(query, 'status', STATUSES);
  const status = wanted === undefined || ignored('status') ? undefined : wanted === 'SPENT' ? 'APPROVED' : wanted;
  const search = ignored('search') ? '' : (query.get('search') ?? '').toLowerCase();
  const fits = (its: JitRequestRow) =>
    (status === undefined || (its.status === 'SPENT' ? 'APPROVED' : its.status) === status) &&
    [its.knock_request_id, its.requester_email, its.app_aud, its.app_hostname].some((text) =>
      text?.toLowerCase().includes(search)
    );
  const bounds = { sinceUs: time(query, 'since'), untilUs: time(query, 'until') };
  const window = windowQuery<JitRequest>(personality, nowUs, bounds, Math.min(personality.retentionDays, REACH_DAYS));
  window.weight = (request) => (fits(row(request)) ? copies(request, personality) : 0);
  // How a request stands changes with the time, so counts are of this moment.
  window.weightKey = JSON.stringify([status, search, personality.duplicateShare, nowUs]);
  const isEmpty =
    (status !== undefined && personality.emptyFilters.includes('status')) ||
    (search !== '' && personality.emptyFilters.includes('search'));
  const page = logPage(call, 25);
  const requests = isEmpty ? [] : jit.page(window, { descending: true, skip: page.skip, take: page.take });
  const rows = requests.map((request) => dress(row(request), personality));
  return success(
    rows,
    logResultInfo(call, page, rows.length, () => (isEmpty ? 0 : jit.count(window)))
  );
}

function eventsOf(call: CallContext, request: JitRequest): JitRequestEvent[] {
  const { people } = call.world.organisation;
  const quantum = quantumUs(call.personality);
  const at = (us: number) => timeText(Math.floor(us / quantum) * quantum, quantum);
  const by = (person: number) => ({ actor_email: people[person].email, actor_uuid: people[person].id });
  const events: JitRequestEvent[] = [{ type: 'CREATED', timestamp: at(request.rawUs), ...by(request.person) }];
  const status = standsAt(request, call.nowUs);
  const timestamp = at(request.decidedUs);
  if (status === 'CANCELED') {
    events.push({ type: 'CANCELED', timestamp, ...by(request.person) });
  } else if (status === 'DENIED') {
    events.push({ type: 'APPROVER_DECISION', timestamp, decision_outcome: 'DENIED' });
  } else if (status !== 'PENDING') {
    for (const approver of request.approvers) {
      events.push({ type: 'APPROVER_DECISION', timestamp, decision_outcome: 'APPROVED', ...by(approver) });
    }
    const session_duration_seconds = Math.floor((request.expiresUs - request.decidedUs) / 1_000_000);
    events.push({ type: 'COMMITTED', timestamp, session_duration_seconds, success: true });
  }
  return events;
}

/** No index of the requests is kept: whoever asks for one that is far back waits a moment. */
function getJitRequest(call: CallContext): Reply {
  const { world, personality, params, nowUs } = call;
  let found: JitRequest | undefined;
  world.jit.scan({ fromUs: nowUs - personality.retentionDays * DAY_US, toUs: nowUs + 1, nowUs }, (request) => {
    if (request.id === params.knock_request_id.toLowerCase()) {
      found = request;
    }
  });
  if (!found) {
    throw apiError(404, 11021, 'access.api.error.jit_request_not_found');
  }
  return success({
    ...jitRequestRow(world.organisation, personality, found, nowUs),
    events: eventsOf(call, found),
  });
}

const path = '/accounts/{account_id}/access/logs/jit_requests';
/** Cloudflare documents no permission of its own for these; this is the one of the other Access logs. */
const permission = 'Access: Audit Logs Read';

export const jitRequestEndpoints: readonly Endpoint[] = [
  { method: 'GET', path, surface: 'jit_requests', permission, handle: listJitRequests },
  {
    method: 'GET',
    path: `${path}/{knock_request_id}`,
    surface: 'jit_request',
    permission,
    handle: getJitRequest,
  },
];
