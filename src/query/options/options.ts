import { omit } from 'lodash';

import { catalogue, groupableFields, outcomeFilter, type CatalogueField, type QueryTypeName } from '../../../catalogue';
import { type AccessQuery, type Filter, type FullQuery, type QueryOptions, type Sequence } from '../../types';

/** The parts of a query that are not there unless somebody asks for them, in the order in which they apply. */
export const OPTION_NAMES = ['firstSeen', 'sequence', 'measure', 'having', 'compare'] as const satisfies ReadonlyArray<
  keyof QueryOptions
>;
export type OptionName = (typeof OPTION_NAMES)[number];

export function withoutOptions<Q extends QueryOptions>(query: Q): Omit<Q, OptionName> {
  return omit(query, OPTION_NAMES);
}

/** Takes one option out of a query. */
export function without(option: OptionName): (query: AccessQuery) => AccessQuery {
  return (query) => omit(query, option);
}

export function hasOptions(query: QueryOptions): boolean {
  return OPTION_NAMES.some((name) => query[name]);
}

/** A sequence with the filters of each step replaced: the one way to reach them. */
export function mapSteps(sequence: Sequence, change: (filters: Filter[]) => Filter[]): Sequence {
  return {
    ...sequence,
    steps: (sequence.steps ?? []).map((step) => (step.filters ? { ...step, filters: change(step.filters) } : step)),
  };
}

type Shape = Pick<FullQuery, 'format' | 'groupBy'> & QueryOptions;

/** Why an option of a query can't stand beside the rest of it, if it can't; pkg/query/detect.go has the same rules. */
export function conflict(query: Shape, name: OptionName): string | undefined {
  const { format, groupBy, firstSeen, sequence, measure } = query;
  switch (name) {
    case 'measure':
      return format === 'logs' && measure?.type === 'distinct'
        ? 'Log lines can’t be counted. Show a time series or a table, or remove the measure.'
        : undefined;
    case 'having':
      return format !== 'table' || groupBy.length === 0
        ? 'Only the groups of a table can be chosen by their count. Show a table and count by a field, or remove this.'
        : undefined;
    case 'sequence':
      return firstSeen ? 'A query finds either what is first seen or a sequence. Remove one of them.' : undefined;
    case 'compare':
      if (format !== 'time_series') {
        return 'Only a time series can be compared with its past. Show a time series, or remove the comparison.';
      }
      return firstSeen || sequence
        ? 'What is first seen and sequences can’t be compared with the past. Remove one of them.'
        : undefined;
    default:
      return undefined;
  }
}

/** Options that stand in a query and can't. */
function conflicts(query: Shape): OptionName[] {
  return OPTION_NAMES.filter((name) => query[name] && conflict(query, name) !== undefined);
}

/** A query without the options that can't stand beside the rest of it. */
export function withoutConflicts(query: AccessQuery): AccessQuery {
  const { format = 'table', groupBy = [] } = query;
  return omit(query, conflicts({ ...query, format, groupBy }));
}

/** The field that says who did it, or else the first that events can be counted by. */
function actor(fields: CatalogueField[]): CatalogueField {
  return fields.find(({ kind }) => kind === 'email') ?? fields[0];
}

/** What an option says when it was just asked for. */
function start(queryType: QueryTypeName): Required<QueryOptions> {
  const fields = groupableFields(queryType);
  const who = actor(fields).name;
  const where = fields.find(({ kind }) => kind === 'country');
  const went = (which: 'accepted' | 'refused') =>
    catalogue[queryType].outcome ? [outcomeFilter(queryType, which)] : [];
  return {
    measure: { type: 'distinct', field: who },
    having: { operator: '>=', value: 15 },
    firstSeen: { by: where ? [who, where.name] : [who], history: '14d' },
    sequence: {
      by: [who],
      steps: [{ filters: went('refused'), atLeast: 10 }, { filters: went('accepted') }],
      within: '20m',
    },
    compare: { shift: '7d', times: 4 },
  };
}

/** What the options that a query can still get start with. */
export function available(query: FullQuery): QueryOptions {
  const starts = start(query.queryType);
  const before = conflicts(query).length;
  const fit = OPTION_NAMES.filter((name) => {
    const added = { ...query, [name]: starts[name] };
    return !query[name] && conflict(added, name) === undefined && conflicts(added).length === before;
  });
  return Object.fromEntries(fit.map((name) => [name, starts[name]]));
}

/**
 * The options of a query in the terms of another surface. One that says something the surface can't express is left
 * out as a whole: a part of it would find something else.
 */
export function carryOptions(
  { firstSeen, sequence, measure, having, compare }: QueryOptions,
  carryField: (name: string) => string[],
  carryFilter: (filter: Filter) => Filter[]
): QueryOptions {
  const all = <T, U>(items: T[], carry: (item: T) => U[]): U[] | undefined => {
    const carried = items.map(carry);
    return carried.every(({ length }) => length > 0) ? carried.flat() : undefined;
  };
  const seenBy = firstSeen && all(firstSeen.by, carryField);
  const sequenceBy = sequence && all(sequence.by, carryField);
  const steps =
    sequence &&
    all(sequence.steps, ({ filters = [], ...step }) => {
      const carried = all(filters, carryFilter);
      return carried ? [{ ...step, filters: carried }] : [];
    });
  const [field] = measure?.type === 'distinct' ? carryField(measure.field) : [];
  const sameMeasure = measure?.type !== 'distinct' || field !== undefined;
  return {
    ...(firstSeen && seenBy && { firstSeen: { ...firstSeen, by: seenBy } }),
    ...(sequence && sequenceBy && steps && { sequence: { ...sequence, by: sequenceBy, steps } }),
    ...(field !== undefined && { measure: { type: 'distinct' as const, field } }),
    ...(having && sameMeasure && { having }),
    ...(compare && { compare }),
  };
}
