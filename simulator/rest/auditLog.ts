import type { AuditRow } from '../cloudflareTypes';
import { ACCOUNT_ID, ACCOUNT_NAME } from '../constants';
import type { AuditEntry } from '../events/auditEntries';
import { timeText } from '../events/loginText';
import { hexFor, mix, unit, uuidFor } from '../hash';
import type { CallContext, Endpoint } from '../http/context';
import { invalidRequest, success, type CursorInfo, type Reply } from '../http/envelope';
import { oneOf, parseTimeUs, positiveInteger } from '../http/query';
import { OFFICES } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import type { Personality } from '../personality';
import { copies, quantumUs, shownUs, windowQuery } from '../world';
import { dress } from './rows';

/** The audit log is of the whole account and outlives all others. */
const RETENTION_DAYS = 548;
const STATUS = { create: 201, update: 200, delete: 200, view: 200 } as const;
const METHODS = { create: 'POST', update: 'PUT', delete: 'DELETE', view: 'GET' } as const;

/** What else happens in an account. The second one is of a product whose name is not Access's. */
const OTHERS = [
  { path: `/zones/${hexFor(1, 'zone', 32)}/dns_records`, product: 'dns_records', type: 'dns_record', action: 'create' },
  { path: `/accounts/${ACCOUNT_ID}/gateway/rules`, product: 'gateway', type: 'rule', action: 'update' },
  { path: `/accounts/${ACCOUNT_ID}/members`, product: 'accounts', type: 'member', action: 'view' },
] as const;

export function auditRow(organisation: Organisation, personality: Personality, entry: AuditEntry): AuditRow {
  const { change, failed, chance, id } = entry;
  const quantum = quantumUs(personality);
  const other = OTHERS[mix(chance + 9) % OTHERS.length];
  const action = change?.action ?? other.action;
  const person = organisation.people[entry.person];
  const actor = person
    ? { id: person.uid, type: 'user' as const, email: person.email, ip_address: address(organisation, entry) }
    : {
        id: ACCOUNT_ID,
        type: 'account' as const,
        ip_address: '203.0.113.20',
        token_id: hexFor(organisation.seed, 'token:terraform', 32),
        token_name: 'terraform',
      };
  return {
    id,
    account: { id: ACCOUNT_ID, name: ACCOUNT_NAME },
    action: {
      description: change ? `Access ${change.kind} ${action}` : `${other.type} ${action}`,
      result: failed ? 'failure' : 'success',
      time: timeText(shownUs(entry, quantum), quantum),
      type: action,
    },
    actor: { context: entry.context, ...actor },
    raw: {
      cf_ray_id: hexFor(organisation.seed, `audit:${id}`, 16),
      method: METHODS[action],
      status_code: failed ? 403 : STATUS[action],
      uri: change ? `/accounts/${ACCOUNT_ID}/access/${change.path}` : other.path,
      user_agent: person ? 'Mozilla/5.0' : 'terraform-provider-cloudflare/5.0.0',
    },
    resource: {
      id: change?.id ?? uuidFor(1, id),
      product: change ? 'access' : other.product,
      type: change?.kind ?? other.type,
      scope: 'accounts',
      ...(change?.request ? { request: change.request } : {}),
      ...(change?.response && !failed ? { response: change.response } : {}),
    },
  };
}

function address(organisation: Organisation, { person }: AuditEntry): string {
  const { office, host } = organisation.people[person];
  return `${OFFICES[office].network}.${host}`;
}

/** Parameters that filter by exact value, or with `.not` by any other. */
const FILTERS: Readonly<Record<string, (row: AuditRow) => unknown>> = {
  id: (row) => row.id,
  action_type: (row) => row.action?.type,
  action_result: (row) => row.action?.result,
  actor_context: (row) => row.actor?.context,
  actor_email: (row) => row.actor?.email,
  actor_ip_address: (row) => row.actor?.ip_address,
  actor_token_name: (row) => row.actor?.token_name,
  actor_type: (row) => row.actor?.type,
  raw_cf_ray_id: (row) => row.raw?.cf_ray_id,
  raw_method: (row) => row.raw?.method,
  raw_status_code: (row) => row.raw?.status_code,
  raw_uri: (row) => row.raw?.uri,
  resource_id: (row) => row.resource?.id,
  resource_product: (row) => row.resource?.product,
  resource_type: (row) => row.resource?.type,
};

type Filter = readonly [name: string, values: string[], negated: boolean];

function filtersOf({ query, personality }: CallContext): Filter[] {
  const given = Object.keys(FILTERS).flatMap((name): Filter[] => [
    [name, query.getAll(name).filter(Boolean), false],
    [name, query.getAll(`${name}.not`).filter(Boolean), true],
  ]);
  return given.filter(([name, values]) => values.length > 0 && !personality.ignoredFilters.includes(name));
}

/** A bound is an RFC 3339 time or a day in UTC, and both are required. */
function bound(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  const us = parseTimeUs(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (us === undefined) {
    throw invalidRequest(`${name} is required and must be a date or an RFC 3339 date-time`);
  }
  return us;
}

/** Where a page stands: how many rows and how many pages come before it. A cursor is both, unreadable. */
interface Place {
  skip: number;
  page: number;
}

function readCursor(text: string | null): Place {
  const match = /^(\d+)\.(\d+)$/.exec(text ? Buffer.from(text, 'base64url').toString() : '0.0');
  if (!match) {
    throw invalidRequest('cursor is not valid');
  }
  return { skip: Number(match[1]), page: Number(match[2]) };
}

function cursorInfo({ personality }: CallContext, rows: number, next: Place, more: boolean): CursorInfo {
  const { cursorPlace, cursorEnd } = personality;
  const count = String(rows);
  const goesOn = more || (cursorEnd === 'emptyPage' && rows > 0);
  if (!goesOn && cursorEnd !== 'empty') {
    return { count };
  }
  const cursor = goesOn ? Buffer.from(`${next.skip}.${next.page}`).toString('base64url') : '';
  return cursorPlace === 'cursor' ? { count, cursor } : { count, cursors: { after: cursor } };
}

function pageSize({ personality, query }: CallContext, page: number): number {
  const { maxPerPage, overCap, cursorPages } = personality;
  const limit = positiveInteger(query, 'limit') ?? 100;
  if (limit > maxPerPage && overCap === 'error') {
    throw invalidRequest(`limit must not be greater than ${maxPerPage}`);
  }
  const full = Math.min(limit, maxPerPage);
  return cursorPages === 'sparse' ? Math.floor(full * Math.max(0, unit(mix(page)) - 0.2)) : full;
}

function listAuditLog(call: CallContext): Reply {
  const { personality, world, query, nowUs } = call;
  const { organisation, audit } = world;
  const descending = oneOf(query, 'direction', ['desc', 'asc']) !== 'asc';
  const bounds = { sinceUs: bound(query, 'since'), untilUs: bound(query, 'before') };
  const window = windowQuery<AuditEntry>(personality, nowUs, bounds, RETENTION_DAYS);
  const filters = filtersOf(call);
  const wanted = (row: AuditRow) =>
    filters.every(([name, values, negated]) => values.includes(String(FILTERS[name](row))) !== negated);
  window.weight = (entry) => (wanted(auditRow(organisation, personality, entry)) ? copies(entry, personality) : 0);
  window.weightKey = JSON.stringify([filters, personality.duplicateShare]);
  const place = readCursor(query.get('cursor'));
  const take = pageSize(call, place.page);
  const isEmpty = filters.some(([name]) => personality.emptyFilters.includes(name));
  const found = isEmpty ? [] : audit.page(window, { descending, skip: place.skip, take: take + 1 });
  const rows = found.slice(0, take).map((entry) => dress(auditRow(organisation, personality, entry), personality));
  const next = personality.cursorLoops ? place : { skip: place.skip + rows.length, page: place.page + 1 };
  return success(rows, cursorInfo(call, rows.length, next, found.length > take));
}

export const auditLogEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/accounts/{account_id}/logs/audit',
    surface: 'access_changes',
    permission: 'Account Settings Read',
    handle: listAuditLog,
  },
];
