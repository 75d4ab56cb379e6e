import { GraphQLError } from 'graphql';
import type { FeedQuery } from '../events/feed';
import type { Login } from '../events/login';
import { slotOfRay } from '../events/loginText';
import { MINUTE_US } from '../events/offsets';
import type { CallContext } from '../http/context';
import { windowQuery } from '../world';
import { DIMENSION_BY_NAME, DIMENSIONS, type Dimension } from './dimensions';
import { onlyRay, predicate, timeRange, type Filter } from './filter';

export interface GroupArguments {
  filter: Filter;
  limit: number;
  orderBy?: readonly string[] | null;
}

export interface Group {
  count: number;
  avg: { sampleInterval: number };
  dimensions: Record<string, string | number>;
}

/** Fields that a node may be asked for, named as the settings node names them. */
export function availableFields(unavailable: readonly string[]): string[] {
  const dimensions = DIMENSIONS.filter(({ name }) => !unavailable.includes(name)).map(
    ({ name }) => `dimensions_${name}`
  );
  return ['avg_sampleInterval', 'count', 'dimensions', ...dimensions];
}

function checkLimits(call: CallContext, args: GroupArguments, dimensions: readonly Dimension[], fields: number): void {
  const { personality } = call;
  const denied = dimensions.find(({ name }) => personality.graphqlUnavailable.includes(name));
  if (!personality.graphqlEnabled) {
    throw new GraphQLError('does not have access to the path', { extensions: { code: 'authz' } });
  }
  if (denied) {
    throw new GraphQLError(
      `account '${call.params.account_id}' does not have access to the field '${denied.name.toLowerCase()}'`,
      {
        extensions: { code: 'authz' },
      }
    );
  }
  if (fields > personality.graphqlMaxFields) {
    throw new GraphQLError(`number of fields can't be more than ${personality.graphqlMaxFields}`);
  }
  if (args.limit < 1 || args.limit > personality.graphqlMaxPageSize) {
    throw new GraphQLError(`limit must be positive number and not greater than ${personality.graphqlMaxPageSize}`);
  }
}

function rangeOf(call: CallContext, filter: Filter): FeedQuery<Login> {
  const { personality, nowUs } = call;
  const nowSecond = Math.floor(nowUs / 1_000_000);
  const range = timeRange(filter);
  if (range.from < nowSecond - personality.graphqlNotOlderThan) {
    throw new GraphQLError(`cannot request data older than ${personality.graphqlNotOlderThan}s`);
  }
  // [12:00:00, 13:00:00] is an hour: bounds are times, though the last second is whole in the range.
  if (Math.min(range.to, nowSecond) - range.from > personality.graphqlMaxDuration) {
    throw new GraphQLError('query time range is too large');
  }
  const query = windowQuery<Login>({ ...personality, timestampQuantumMs: 1 }, nowUs, {}, 180);
  query.fromUs = Math.max(query.fromUs, range.from * 1_000_000);
  query.toUs = Math.min(query.toUs, (range.to + 1) * 1_000_000);
  const ray = onlyRay(filter);
  if (ray !== undefined) {
    const slot = slotOfRay(ray);
    query.fromUs = slot === undefined ? query.toUs : Math.max(query.fromUs, slot * MINUTE_US);
    query.toUs = slot === undefined ? query.toUs : Math.min(query.toUs, (slot + 1) * MINUTE_US);
  }
  return query;
}

function collect(
  call: CallContext,
  filter: Filter,
  query: FeedQuery<Login>,
  dimensions: readonly Dimension[]
): Group[] {
  const { world, personality } = call;
  const { organisation } = world;
  const interval = Math.round(personality.graphqlSampleInterval);
  const test = predicate(organisation, filter);
  const groups = new Map<string, Group>();
  const feed = personality.identityInGraphql ? world.logins : world.nonIdentity;
  const values: Array<string | number> = [];
  feed.scan(query, (login) => {
    if ((interval > 1 && login.chance % interval !== 0) || !test(login)) {
      return;
    }
    let key = '';
    for (let i = 0; i < dimensions.length; i++) {
      values[i] = dimensions[i].value(organisation, login);
      key += `${values[i]}\u0000`;
    }
    const group = groups.get(key);
    if (group) {
      group.count += interval;
    } else {
      groups.set(key, {
        count: interval,
        avg: { sampleInterval: interval },
        dimensions: Object.fromEntries(dimensions.map(({ name }, i) => [name, values[i]])),
      });
    }
  });
  return [...groups.values()];
}

function comparator(orderBy: readonly string[]): (a: Group, b: Group) => number {
  const keys = orderBy.map((order) => {
    const [, name, direction] = /^(.*)_(ASC|DESC)$/.exec(order) ?? [];
    const value = (group: Group) =>
      name === 'count'
        ? group.count
        : name === 'avg_sampleInterval'
          ? group.avg.sampleInterval
          : group.dimensions[name];
    return { value, sign: direction === 'DESC' ? -1 : 1 };
  });
  return (a, b) => {
    for (const { value, sign } of keys) {
      const [left, right] = [value(a), value(b)];
      if (left !== right) {
        return left < right ? -sign : sign;
      }
    }
    return 0;
  };
}

/** Groups of one node, after its limits were checked. `selected` are the dimensions asked for. */
export function loginGroups(
  call: CallContext,
  args: GroupArguments,
  selected: readonly string[],
  fields: number
): Group[] {
  const dimensions = selected.flatMap((name) => DIMENSION_BY_NAME.get(name) ?? []);
  checkLimits(call, args, dimensions, fields);
  const orderBy = args.orderBy ?? [];
  const notSelected = orderBy.find((order) => {
    const name = order.replace(/_(ASC|DESC)$/, '');
    return DIMENSION_BY_NAME.has(name) && !selected.includes(name);
  });
  if (notSelected) {
    throw new GraphQLError(`cannot order by ${notSelected}: the dimension is not selected`);
  }
  const groups = collect(call, args.filter, rangeOf(call, args.filter), dimensions);
  return groups.sort(comparator(orderBy)).slice(0, args.limit);
}
