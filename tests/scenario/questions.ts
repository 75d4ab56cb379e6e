/** The questions that every scenario asks, and what is right to answer. */
import type { QueryTypeName } from '../../catalogue';
import type { Filter, Frame, Query, Range } from '../harness/executable';
import { SHAPES, type Event } from './events';

export const HOUR = 3_600_000;
const MORE_THAN_THERE_ARE = 20_000;

/** How often each row, each group or each bucket of a group is there. */
export type Tally = Map<string, number>;

export interface Question {
  query: Query;
  /** What the events say. */
  expected: (events: Event[]) => Tally;
  /** What an answer says. */
  read: (frame: Frame) => Tally;
}

function add(tally: Tally, key: string, count = 1): Tally {
  return count === 0 ? tally : tally.set(key, (tally.get(key) ?? 0) + count);
}

function column<T>(frame: Frame, name: string): T[] {
  const index = frame.schema.fields.findIndex((field) => field.name === name);
  if (index < 0) {
    throw new Error(`There is no column ${name}.`);
  }
  return frame.data.values[index] as T[];
}

const isLogins = ({ name }: { name: string }) => name === 'logins';

/** A plain table: a row an event, or a row a group of events with their number. */
function readTable(timeField: string, idField: string): (frame: Frame) => Tally {
  return (frame) => {
    const ids = column<string | null>(frame, idField);
    const counts = frame.schema.fields.some(isLogins) ? column<number>(frame, 'logins') : [];
    return column<number>(frame, timeField).reduce(
      (tally, time, i) => add(tally, `${time} ${ids[i] ?? ''}`, counts[i] ?? 1),
      new Map<string, number>()
    );
  };
}

function readLogs(idField: string): (frame: Frame) => Tally {
  return (frame) => {
    const labels = column<Record<string, string>>(frame, 'labels');
    return column<number>(frame, 'timestamp').reduce(
      (tally, time, i) => add(tally, `${time} ${labels[i][idField] ?? ''}`),
      new Map<string, number>()
    );
  };
}

function readGroups(frame: Frame): Tally {
  const counts = column<number>(frame, 'logins');
  return column<string | null>(frame, 'outcome').reduce(
    (tally, outcome, i) => add(tally, outcome ?? '', counts[i]),
    new Map<string, number>()
  );
}

function readSeries(frame: Frame): Tally {
  const times = column<number>(frame, 'time');
  const tally: Tally = new Map();
  frame.schema.fields.forEach((field, i) => {
    if (isLogins(field)) {
      (frame.data.values[i] as number[]).forEach((count, at) =>
        add(tally, `${times[at]} ${field.labels?.outcome ?? ''}`, count)
      );
    }
  });
  return tally;
}

const countRows = (events: Event[]): Tally =>
  events.reduce((tally, { time, id }) => add(tally, `${time} ${id}`), new Map<string, number>());

/** Each line stands for all events that are the same to the query type. */
const countLines = (events: Event[]): Tally =>
  countRows([...new Map(events.map((event) => [event.row, event])).values()]);

const countBuckets = (events: Event[], group: (event: Event) => string): Tally =>
  events.reduce(
    (tally, event) => add(tally, `${Math.floor(event.time / HOUR) * HOUR} ${group(event)}`),
    new Map<string, number>()
  );

/** A table, logs, series and a grouped table of a query type, with filters and without. */
export function questionsOf(queryType: QueryTypeName, person: string): Question[] {
  const { timeField, idField, bad, filter, required } = SHAPES[queryType];
  const listed = { fields: [timeField, idField], limit: MORE_THAN_THERE_ARE };
  const series = { format: 'time_series', intervalMs: HOUR };
  const where = (...filters: Filter[]) => [...required(person), ...filters];
  const passing = (events: Event[]) => events.filter(({ passes }) => passes);
  const questions: Array<Omit<Question, 'query'> & { query: Omit<Query, 'refId' | 'queryType'> }> = [
    {
      query: { format: 'table', filters: where(), ...listed },
      expected: countRows,
      read: readTable(timeField, idField),
    },
    {
      query: { format: 'logs', filters: where(filter), ...listed },
      expected: (events) => countLines(passing(events)),
      read: readLogs(idField),
    },
    {
      query: { ...series, filters: where(), groupBy: ['outcome'] },
      expected: (events) => countBuckets(events, ({ outcome }) => outcome),
      read: readSeries,
    },
    {
      query: { ...series, filters: where({ field: 'outcome', operator: '=', values: [bad] }), groupBy: [] },
      expected: (events) =>
        countBuckets(
          events.filter(({ outcome }) => outcome === bad),
          () => ''
        ),
      read: readSeries,
    },
    {
      query: { format: 'table', filters: where(filter), groupBy: ['outcome'], limit: 100 },
      expected: (events) =>
        passing(events).reduce((tally, { outcome }) => add(tally, outcome), new Map<string, number>()),
      read: readGroups,
    },
  ];
  return questions.map(({ query, ...rest }, i) => ({
    query: { refId: String.fromCharCode(65 + i), queryType, ...query },
    ...rest,
  }));
}

/** The events that a question is about: series are made of whole buckets. */
export function rangeOf({ query }: Question, { from, to }: Range): Range {
  return query.format === 'time_series'
    ? { from: Math.floor(from / HOUR) * HOUR, to: (Math.floor(to / HOUR) + 1) * HOUR - 1 }
    : { from, to };
}
