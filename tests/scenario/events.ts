/** What happened in a simulated account, in one shape for every query type. */
import { catalogue, outcomeOf, type EventTypeName } from '../../catalogue';
import type { Filter, Range } from '../harness/executable';
import type { Simulator } from '../../simulator';

export interface Event {
  /** Epoch milliseconds, as precise as the query type shows it. */
  time: number;
  id: string;
  /** Empty where the query type has no outcome. */
  outcome: string;
  /** The events that the query type's `filter` lets pass have `true`. */
  passes: boolean;
  /** The same for the query type's `named` filter. */
  hasName?: boolean;
  /** Equal where the query type shows one row for several events. */
  row: string;
}

/** What the catalogue does not say of a query type. */
export interface Shape {
  idField: string;
  filter: Filter;
  /** A filter on a name, where the rows have only an ID. */
  named?: Filter;
  read: (simulator: Simulator, range: Range, person: string) => Event[];
}

const SECOND = 1000;
const is = (field: string, ...values: string[]): Filter => ({ field, operator: '=', values });
const outcome = (queryType: EventTypeName, wentWell: boolean) => {
  const { accepted, refused } = outcomeOf(queryType);
  return wentWell ? accepted : refused;
};

let rows = 0;
/** For query types that show every event. */
const ownRow = () => String(rows++);

export const SHAPES: Record<EventTypeName, Shape> = {
  access_requests: {
    idField: 'ray_id',
    filter: is('country', 'GB', 'US'),
    read: (simulator, range) =>
      simulator.truth({ surface: 'access_requests', ...range }).map((row) => ({
        time: Date.parse(String(row.created_at)),
        id: row.ray_id ?? '',
        outcome: outcome('access_requests', row.allowed === true),
        passes: ['GB', 'US'].includes(row.country?.toUpperCase() ?? ''),
        row: ownRow(),
      })),
  },
  failed_logins: {
    idField: 'ray_id',
    filter: { field: 'app_name', operator: '=~', values: ['^[A-M]'] },
    read: (simulator, range, person) =>
      simulator.truth({ surface: 'failed_logins', ...range, userId: person }).map(({ metadata }) => ({
        time: Date.parse(String(metadata.datetime)),
        id: String(metadata.ray_id),
        outcome: outcome('failed_logins', false),
        passes: /^[A-M]/.test(String(metadata.app_name)),
        row: ownRow(),
      })),
  },
  scim_updates: {
    idField: 'cf_resource_id',
    filter: is('resource_type', 'USER'),
    read: (simulator, range) =>
      simulator.truth({ surface: 'scim_updates', ...range }).map((row) => ({
        time: Date.parse(String(row.logged_at)),
        id: String(row.cf_resource_id),
        outcome: outcome('scim_updates', row.status === 'SUCCESS'),
        passes: row.resource_type === 'USER',
        row: ownRow(),
      })),
  },
  login_groups: {
    idField: 'cfRayId',
    filter: is('country', 'GB', 'US'),
    named: is('app_name', 'Wiki', 'Payroll'),
    read: (simulator, range) =>
      simulator.truth({ surface: 'login_groups', from: range.from, to: range.to + SECOND - 1 }).map((login) => {
        const unavailable: readonly string[] = simulator.simulation.personality.graphqlUnavailable;
        const shown = Object.entries(login).filter(([name]) => name !== 'created_at' && !unavailable.includes(name));
        return {
          time: Date.parse(String(login.datetime)),
          id: unavailable.includes('cfRayId') ? '' : String(login.cfRayId),
          outcome: outcome('login_groups', login.isSuccessfulLogin === 1),
          passes: ['GB', 'US'].includes(String(login.country)),
          hasName: ['Wiki', 'Payroll'].includes(applicationName(simulator, login.appId)),
          row: JSON.stringify(shown),
        };
      }),
  },
  active_sessions: {
    idField: 'nonce',
    filter: { field: 'apps', operator: 'contains', values: ['"self_hosted"'] },
    read: (simulator, range, person) =>
      simulator.truth({ surface: 'active_sessions', ...range, userId: person }).map(({ metadata }) => ({
        time: Number(metadata?.iat) * SECOND,
        id: String(metadata?.nonce),
        outcome: '',
        passes: Object.values(metadata?.apps ?? {}).some(({ type }) => type === 'self_hosted'),
        row: ownRow(),
      })),
  },
  access_changes: {
    idField: 'id',
    filter: is('action', 'update', 'create'),
    read: (simulator, range) =>
      simulator.truth({ surface: 'access_changes', ...range }).map(({ id, action }) => ({
        time: Date.parse(String(action?.time)),
        id: String(id),
        outcome: outcome('access_changes', action?.result === 'success'),
        passes: ['update', 'create'].includes(String(action?.type)),
        row: ownRow(),
      })),
  },
  jit_requests: {
    idField: 'knock_request_id',
    filter: { field: 'purpose_justification', operator: 'contains', values: ['auditor'] },
    read: (simulator, range) =>
      simulator.truth({ surface: 'jit_requests', ...range }).map((row) => ({
        time: Date.parse(row.created_at),
        id: row.knock_request_id,
        outcome: row.status,
        passes: row.purpose_justification.includes('auditor'),
        row: ownRow(),
      })),
  },
};

function applicationName({ simulation }: Simulator, id: unknown): string {
  return simulation.world.organisation.applications.find(({ uid }) => uid === id)?.name ?? '';
}

/** The filters that a query type requires: all of them name a person. */
export function requiredFilters(queryType: EventTypeName, person: string): Filter[] {
  return catalogue[queryType].requiredFilters.map((field) => is(field, person));
}

/** A person with failed logins in the range and, if there is one, with open sessions that began in it. */
export function personToFollow(simulator: Simulator, range: Range): string {
  const failures = new Map<string, number>();
  for (const { allowed, user_id: person } of simulator.truth({ surface: 'access_requests', ...range })) {
    if (!allowed && person !== undefined) {
      failures.set(person, (failures.get(person) ?? 0) + 1);
    }
  }
  const people = [...failures].sort(([, a], [, b]) => b - a).map(([person]) => person);
  const hasSession = (userId: string) => simulator.truth({ surface: 'active_sessions', ...range, userId }).length > 0;
  return people.find(hasSession) ?? people[0];
}
