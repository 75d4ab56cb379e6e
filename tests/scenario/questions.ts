/** The questions that every scenario asks, and what is right to answer. */
import { defaultGroupBy, eventTypes, outcomeFilter, type EventTypeName } from '../../catalogue';
import type { Filter, Frame, Query, Range } from '../harness/executable';
import { requiredFilters, SHAPES, type Event } from './events';

export const HOUR = 3_600_000;
const MORE_THAN_THERE_ARE = 20_000;

/** How often each row, each group or each bucket of a group is there. */
export type Tally = Map<string, number>;

export interface Question {
  query: Query & { queryType: EventTypeName };
  /** What the events say. */
  expected: (events: Event[]) => Tally;
  /** What an answer says. */
  read: (frame: Frame) => Tally;
}

/** A question before it has its place among the others. */
type OpenQuestion = Omit<Question, 'query'> & { query: Omit<Query, 'refId' | 'queryType'> };

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

/** A plain table: a row an event, or a row a group of events with their number. */
function readTable(queryType: EventTypeName): (frame: Frame) => Tally {
  const { count, timeField } = eventTypes[queryType];
  return (frame) => {
    const ids = column<string | null>(frame, SHAPES[queryType].idField);
    const isCounted = frame.schema.fields.some(({ name }) => name === count);
    const counts = isCounted ? column<number>(frame, count) : [];
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

function readGroups(queryType: EventTypeName): (frame: Frame) => Tally {
  return (frame) => {
    const counts = column<number>(frame, eventTypes[queryType].count);
    const [outcome] = defaultGroupBy(queryType);
    return column<string | null>(frame, outcome).reduce(
      (tally, outcome, i) => add(tally, outcome ?? '', counts[i]),
      new Map<string, number>()
    );
  };
}

function readSeries(queryType: EventTypeName): (frame: Frame) => Tally {
  const [outcome = ''] = defaultGroupBy(queryType);
  return (frame) => {
    const times = column<number>(frame, 'time');
    const tally: Tally = new Map();
    frame.schema.fields.forEach((field, i) => {
      if (field.name === eventTypes[queryType].count) {
        (frame.data.values[i] as number[]).forEach((count, at) =>
          add(tally, `${times[at]} ${field.labels?.[outcome] ?? ''}`, count)
        );
      }
    });
    return tally;
  };
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
export function questionsOf(queryType: EventTypeName, person: string): Question[] {
  const { idField, filter, named } = SHAPES[queryType];
  const { timeField, outcome } = eventTypes[queryType];
  const groupBy = defaultGroupBy(queryType);
  const listed = { fields: [timeField, idField], limit: MORE_THAN_THERE_ARE };
  const series = { format: 'time_series', intervalMs: HOUR };
  const where = (...filters: Filter[]) => [...requiredFilters(queryType, person), ...filters];
  const passing = (events: Event[]) => events.filter(({ passes }) => passes);
  const questions: OpenQuestion[] = [
    {
      query: { format: 'table', filters: where(), ...listed },
      expected: countRows,
      read: readTable(queryType),
    },
    {
      query: { format: 'logs', filters: where(filter), ...listed },
      expected: (events) => countLines(passing(events)),
      read: readLogs(idField),
    },
    {
      query: { ...series, filters: where(), groupBy },
      expected: (events) => countBuckets(events, (event) => event.outcome),
      read: readSeries(queryType),
    },
  ];
  if (outcome) {
    questions.push(
      {
        query: { ...series, filters: where(outcomeFilter(queryType, 'refused')), groupBy: [] },
        expected: (events) =>
          countBuckets(
            events.filter((event) => event.outcome === outcome.refused),
            () => ''
          ),
        read: readSeries(queryType),
      },
      {
        query: { format: 'table', filters: where(filter), groupBy, limit: 100 },
        expected: (events) =>
          passing(events).reduce((tally, event) => add(tally, event.outcome), new Map<string, number>()),
        read: readGroups(queryType),
      }
    );
  }
  if (named) {
    questions.push({
      query: { ...series, filters: where(named), groupBy },
      expected: (events) =>
        countBuckets(
          events.filter(({ hasName }) => hasName),
          (event) => event.outcome
        ),
      read: readSeries(queryType),
    });
  }
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
