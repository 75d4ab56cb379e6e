/** What detections are about, for every query type of events, and what happened there. */
import { outcomeOf, type EventTypeName } from '../../catalogue';
import type { Simulator } from '../../simulator';
import type { Filter, Range } from '../harness/executable';
import type { PlainEvent } from './plain';

const SECOND = 1000;

/** Query types whose events detections are about. Sessions are what is there now. */
export const DETECTED = [
  'access_requests',
  'login_groups',
  'failed_logins',
  'scim_updates',
  'access_changes',
  'jit_requests',
] as const satisfies readonly EventTypeName[];
export type DetectedName = (typeof DETECTED)[number];

type Values = Record<string, string>;

/** What a query type has that can be counted, followed, and told apart. */
export interface Subject {
  /** Who it is about, and what is new about them. */
  readonly by: readonly [string, string];
  /** What is counted for each value of `per`. */
  readonly distinct: string;
  readonly per: string;
  /** Steps, for the same value of `of`. The filters of some overlap. */
  readonly sequences: ReadonlyArray<{
    of: string;
    within: string;
    steps: Array<{ filters: Filter[]; atLeast: number }>;
  }>;
  readonly groupBy: string;
  readonly read: (simulator: Simulator, range: Range, person: string) => PlainEvent[];
}

export const text = (value: unknown) => (value === undefined || value === null ? '' : String(value));
const shown = (values: Record<string, unknown>): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)]));
const is = (field: string, ...values: string[]): Filter => ({ field, operator: '=', values });
const isNot = (field: string, ...values: string[]): Filter => ({ field, operator: '!=', values });
const step = (atLeast: number, ...filters: Filter[]) => ({ filters, atLeast });
const outcome = (queryType: EventTypeName, wentWell: boolean) => {
  const { accepted, refused } = outcomeOf(queryType);
  return wentWell ? accepted : refused;
};

export const SUBJECTS: Record<DetectedName, Subject> = {
  access_requests: {
    by: ['user_email', 'country'],
    ...{ distinct: 'user_email', per: 'ip_address', groupBy: 'outcome' },
    sequences: [
      {
        of: 'user_email',
        within: '20m',
        steps: [step(5, is('outcome', 'blocked')), step(1, is('outcome', 'allowed'))],
      },
      {
        of: 'app_name',
        within: '3h',
        steps: [
          step(1, is('outcome', 'blocked')),
          step(2, is('country', 'GB', 'US')),
          step(1, is('outcome', 'allowed'), isNot('country', 'DE')),
        ],
      },
    ],
    read: (simulator, range) =>
      simulator.truth({ surface: 'access_requests', ...range }).map((row) => ({
        time: Date.parse(String(row.created_at)),
        values: shown({
          ...row,
          country: row.country?.toUpperCase(),
          outcome: outcome('access_requests', row.allowed === true),
        }),
      })),
  },
  login_groups: {
    by: ['serviceTokenId', 'ipAddress'],
    ...{ distinct: 'userUuid', per: 'ipAddress', groupBy: 'outcome' },
    sequences: [
      {
        of: 'userUuid',
        within: '20m',
        steps: [step(5, is('outcome', 'blocked')), step(1, is('outcome', 'allowed'))],
      },
      {
        of: 'ipAddress',
        within: '6h',
        steps: [
          step(1, is('outcome', 'blocked')),
          step(2, isNot('mtlsStatus', 'SUCCESS')),
          step(1, is('identityProvider', 'nonidentity')),
        ],
      },
    ],
    read: (simulator, range) =>
      simulator.truth({ surface: 'login_groups', from: range.from, to: range.to + SECOND - 1 }).map((login) => ({
        time: Date.parse(String(login.datetime)),
        values: shown({ ...login, outcome: outcome('login_groups', login.isSuccessfulLogin === 1) }),
      })),
  },
  failed_logins: {
    by: ['user_email', 'app_name'],
    ...{ distinct: 'ray_id', per: 'app_name', groupBy: 'app_name' },
    sequences: [
      {
        of: 'user_email',
        within: '12h',
        steps: [step(2, isNot('app_name', 'Wiki')), step(1, isNot('app_name', 'CRM'))],
      },
    ],
    read: (simulator, range, userId) =>
      simulator.truth({ surface: 'failed_logins', ...range, userId }).map(({ metadata }) => ({
        time: Date.parse(String(metadata.datetime)),
        values: shown(metadata),
      })),
  },
  scim_updates: {
    by: ['resource_user_email', 'resource_type'],
    ...{ distinct: 'cf_resource_id', per: 'idp_id', groupBy: 'outcome' },
    sequences: [
      {
        of: 'idp_id',
        within: '1d',
        steps: [
          step(3, is('outcome', 'failure')),
          step(1, isNot('resource_type', 'GROUP')),
          step(1, is('outcome', 'success')),
        ],
      },
    ],
    read: (simulator, range) =>
      simulator.truth({ surface: 'scim_updates', ...range }).map((row) => ({
        time: Date.parse(String(row.logged_at)),
        values: shown({ ...row, outcome: outcome('scim_updates', row.status === 'SUCCESS') }),
      })),
  },
  access_changes: {
    by: ['actor_email', 'action'],
    ...{ distinct: 'resource_id', per: 'actor_email', groupBy: 'outcome' },
    sequences: [
      {
        of: 'actor_context',
        within: '24h',
        steps: [step(2, is('action', 'update')), step(1, isNot('action', 'view'))],
      },
    ],
    read: (simulator, range) =>
      simulator.truth({ surface: 'access_changes', ...range }).map(({ action, actor, resource }) => ({
        time: Date.parse(String(action?.time)),
        values: shown({
          action: action?.type,
          outcome: outcome('access_changes', action?.result === 'success'),
          actor_email: (actor as { email?: string } | undefined)?.email,
          actor_context: actor?.context,
          resource_id: resource?.id,
        }),
      })),
  },
  jit_requests: {
    by: ['requester_email', 'status'],
    ...{ distinct: 'requester_email', per: 'status', groupBy: 'status' },
    sequences: [
      {
        of: 'app_hostname',
        within: '1d',
        steps: [step(2, is('status', 'APPROVED')), step(1, isNot('status', 'APPROVED'))],
      },
    ],
    read: (simulator, range) =>
      simulator.truth({ surface: 'jit_requests', ...range }).map((row) => ({
        time: Date.parse(row.created_at),
        values: shown({ ...row }),
      })),
  },
};
