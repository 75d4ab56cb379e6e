/** Detections that are asked of every query type of events, and what is right to answer. */
import { eventTypes } from '../../catalogue';
import type { Simulator } from '../../simulator';
import type { Filter, Frame, Query, Range } from '../harness/executable';
import { requiredFilters } from './events';
import {
  compared,
  firstSeen,
  groupsOf,
  isIn,
  keyOf,
  measureOf,
  sequences,
  type PlainEvent,
  type PlainStep,
} from './plain';
import { HOUR, type Tally } from './questions';
import { SUBJECTS, text, type DetectedName } from './subjects';

const MINUTE = 60_000;
const DAY = 24 * HOUR;
/** What the truth goes back before the range: longer than any detection here. */
const REACH = 4 * DAY;
const MORE_THAN_THERE_ARE = 20_000;

/** What an answer must be. Where the order of events of the same time decides, it is for nobody to say. */
export interface Expected {
  tally: Tally;
  unclear: ReadonlySet<string>;
}

export interface Detection {
  query: Query & { queryType: DetectedName };
  /** `events` begin days before the range. */
  expected: (events: PlainEvent[], range: Range) => Expected;
  /** What an answer says. A key begins with whom it is about. */
  read: (frame: Frame) => Tally;
  /** An answer that is not complete may also have too much: what is new depends on what is known of the past. */
  partMayDiffer: boolean;
}

type OpenDetection = Omit<Detection, 'query'> & { query: Omit<Query, 'refId' | 'queryType'> };

const NOTHING_UNCLEAR: ReadonlySet<string> = new Set();

function clear(tally: Tally): Expected {
  return { tally, unclear: NOTHING_UNCLEAR };
}

function add(tally: Tally, key: string, count = 1): Tally {
  return count === 0 ? tally : tally.set(key, (tally.get(key) ?? 0) + count);
}

function tallyOf<T>(all: Iterable<T>, key: (one: T) => string, count: (one: T) => number = () => 1): Tally {
  const tally: Tally = new Map();
  for (const one of all) {
    add(tally, key(one), count(one));
  }
  return tally;
}

export function rowsOf(frame: Frame): Array<Record<string, unknown>> {
  const { fields } = frame.schema;
  return (frame.data.values[0] ?? []).map((_, row) =>
    Object.fromEntries(fields.map(({ name }, i) => [name, frame.data.values[i][row]]))
  );
}

const join = (...parts: unknown[]) => parts.map(text).join(' · ');
const hourOf = (time: number) => Math.floor(time / HOUR) * HOUR;
const wholeHours = ({ from, to }: Range): Range => ({ from: hourOf(from), to: hourOf(to) + HOUR - 1 });

/** A tally of the cells of a series: each bucket of each field. */
function readSeries(keyed: readonly string[], valueOf: (name: string, value: number) => [string, number] | undefined) {
  return (frame: Frame): Tally => {
    const tally: Tally = new Map();
    const at = frame.schema.fields.findIndex(({ name }) => name === 'time');
    const times = frame.data.values[at] as number[];
    frame.schema.fields.forEach(({ name, labels }, i) => {
      if (i === at) {
        return;
      }
      times.forEach((time, bucket) => {
        const value = frame.data.values[i][bucket] as number | null;
        const found = value === null ? undefined : valueOf(name, value);
        if (found) {
          add(tally, join(...keyed.map((field) => labels?.[field]), time, found[0]), found[1]);
        }
      });
    });
    return tally;
  };
}

/** Numbers that are not counted become part of the key. That nothing happened is in no tally. */
function exactly(name: string, value: number): [string, number] {
  const rounded = Math.round(value * 1e6) / 1e6;
  return [`${name} ${rounded}`, rounded === 0 && name !== 'deviation' ? 0 : 1];
}

export function detectionsOf(queryType: DetectedName, person: string): Detection[] {
  const { by, distinct, per, groupBy } = SUBJECTS[queryType];
  const filters = requiredFilters(queryType, person);
  const { count } = eventTypes[queryType];
  const measure = { type: 'distinct', field: distinct };
  const number = `distinct_${distinct}`;
  const table = { format: 'table', filters, limit: MORE_THAN_THERE_ARE };
  const series = { format: 'time_series', filters, intervalMs: HOUR };

  const groupsWith = (keep: (value: number) => boolean) => (events: PlainEvent[], range: Range) => {
    const groups = [...groupsOf(events.filter(isIn(range)), [per])];
    const measured = groups.map(([key, group]) => [key, measureOf(group, distinct)] as const);
    return clear(
      tallyOf(
        measured.filter(([, value]) => keep(value)),
        ([key]) => key,
        ([, value]) => value
      )
    );
  };
  const readGroups = (frame: Frame) =>
    tallyOf(
      rowsOf(frame),
      (row) => text(row[per]),
      (row) => Number(row[number])
    );
  const inHours = (events: PlainEvent[], field: string, one?: string) =>
    tallyOf(
      groupsOf(
        events.map(({ time, values }) => ({ time, values: { ...values, hour: String(hourOf(time)) } })),
        [field, 'hour']
      ),
      ([key]) => join(key, one ?? count),
      ([, group]) => measureOf(group, one?.replace('distinct_', ''))
    );
  const compare = (show: string | undefined, field?: string): OpenDetection => ({
    query: {
      ...series,
      groupBy: [groupBy],
      compare: { shift: '1d', times: 2, ...(show ? { show } : {}) },
      ...(field ? { measure } : {}),
    },
    expected: (events, range) => {
      const buckets = compared(events, wholeHours(range), {
        ...{ interval: HOUR, shift: DAY, times: 2, groupBy: [groupBy] },
        field,
      });
      const tally: Tally = new Map();
      for (const { time, group, value, baseline, deviation } of buckets) {
        for (const [name, its] of Object.entries({ value, baseline, deviation })) {
          if (its !== undefined && (show === undefined || show === name)) {
            const [shown, once] = exactly(name, its);
            add(tally, join(group, time, shown), once);
          }
        }
      }
      return clear(tally);
    },
    read: readSeries([groupBy], (name, value) =>
      exactly(name === 'baseline' || name === 'deviation' ? name : 'value', value)
    ),
    partMayDiffer: true,
  });

  const open: OpenDetection[] = [
    {
      query: { ...table, measure },
      expected: (events, range) => clear(add(new Map(), 'all', measureOf(events.filter(isIn(range)), distinct))),
      read: (frame) => add(new Map(), 'all', Number(rowsOf(frame)[0]?.[number])),
      partMayDiffer: false,
    },
    {
      query: { ...table, groupBy: [per], measure, having: { operator: '>=', value: 2 } },
      expected: groupsWith((value) => value >= 2),
      read: readGroups,
      partMayDiffer: false,
    },
    {
      query: { ...table, groupBy: [per], measure, having: { operator: '<', value: 3 } },
      expected: groupsWith((value) => value < 3),
      read: readGroups,
      partMayDiffer: true,
    },
    {
      query: { ...series, groupBy: [groupBy], measure },
      expected: (events, range) => clear(inHours(events.filter(isIn(wholeHours(range))), groupBy, number)),
      read: readSeries([groupBy], (name, value) => [name, value]),
      partMayDiffer: false,
    },
    {
      query: { ...table, fields: [eventTypes[queryType].timeField, ...by], firstSeen: { by: [...by], history: '2d' } },
      expected: (events, range) =>
        clear(
          tallyOf(firstSeen(events, by, 2 * DAY).filter(isIn(range)), (event) => join(keyOf(event, by), event.time))
        ),
      read: readEvents(queryType, by),
      partMayDiffer: true,
    },
    {
      query: { ...series, groupBy: [groupBy], firstSeen: { by: [distinct], history: '12h' } },
      expected: (events, range) =>
        clear(inHours(firstSeen(events, [distinct], DAY / 2).filter(isIn(wholeHours(range))), groupBy)),
      read: readSeries([groupBy], (name, value) => [name, value]),
      partMayDiffer: true,
    },
    ...SUBJECTS[queryType].sequences.map(({ of, within, steps }): OpenDetection => ({
      query: {
        ...table,
        fields: [eventTypes[queryType].timeField, of],
        sequence: { by: [of], steps, within },
      },
      expected: (events, range) => {
        const plain = steps.map((its): PlainStep => ({ atLeast: its.atLeast, passes: passesAll(its.filters) }));
        const matches = sequences(events, [of], plain, lengthOf(within)).filter(({ event }) => isIn(range)(event));
        const tally = tallyOf(matches, ({ event, start, events: length }) =>
          join(event.values[of], event.time, start, length)
        );
        return { tally, unclear: tied(events, of, plain) };
      },
      read: (frame) =>
        tallyOf(rowsOf(frame), (row) =>
          join(row[of], row[eventTypes[queryType].timeField], row.sequence_start, row.sequence_events)
        ),
      partMayDiffer: true,
    })),
    compare(undefined),
    compare('deviation', distinct),
  ];
  return open.map(({ query, ...rest }, i) => ({
    query: { refId: String.fromCharCode(65 + i), queryType, ...query },
    ...rest,
  }));
}

/** Login groups show alike events as one row, which passes as one event. */
function readEvents(queryType: DetectedName, by: readonly string[]) {
  return (frame: Frame): Tally =>
    tallyOf(rowsOf(frame), (row) => join(...by.map((field) => row[field]), row[eventTypes[queryType].timeField]));
}

function passesAll(filters: readonly Filter[]) {
  return ({ values }: PlainEvent) =>
    filters.every(({ field, operator, values: wanted }) => wanted.includes(values[field] ?? '') === (operator === '='));
}

/** Who has events of the same time that are not of the same steps: their order decides. */
function tied(events: readonly PlainEvent[], of: string, steps: readonly PlainStep[]): Set<string> {
  const found = new Set<string>();
  const before = new Map<string, { time: number; passed: string }>();
  for (const event of events) {
    const passed = steps.map((its) => its.passes(event)).join();
    const key = keyOf(event, [of]);
    const last = before.get(key);
    if (last?.time === event.time && last.passed !== passed) {
      found.add(key);
    }
    before.set(key, { time: event.time, passed });
  }
  return found;
}

function lengthOf(duration: string): number {
  const units: Record<string, number> = { m: MINUTE, h: HOUR, d: DAY };
  return Number(duration.slice(0, -1)) * units[duration.slice(-1)];
}

/** Everything that happened, from days before the range. */
export function eventsOf(simulator: Simulator, queryType: DetectedName, range: Range, person: string): PlainEvent[] {
  return SUBJECTS[queryType].read(simulator, { from: range.from - REACH, to: range.to }, person);
}

/** Without those of whom the order of their events decides. */
export function withoutUnclear(tally: Tally, unclear: ReadonlySet<string>): Tally {
  return new Map([...tally].filter(([key]) => !unclear.has(key.split(' · ')[0])));
}
