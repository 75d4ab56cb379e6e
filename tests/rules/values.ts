/** What Grafana's server-side expressions compute with, and how it reads it from data frames. */
import type { Frame } from '../harness/executable';

export type Labels = Record<string, string>;

/** A number with labels. No value is not the same as a value that is not a number. */
export interface NumberValue {
  kind: 'number';
  labels: Labels;
  value: number | null;
}

export interface Series {
  kind: 'series';
  labels: Labels;
  /** By time, in epoch milliseconds. */
  points: Map<number, number | null>;
}

export interface NoData {
  kind: 'none';
  labels: Labels;
}

export type Value = NumberValue | Series | NoData;

export const NO_DATA: NoData = { kind: 'none', labels: {} };

/** The values of an answer, by the type of its frame (refer to Grafana's data plane contract). */
export function valuesOf(frames: Frame[]): Value[] {
  const [frame] = frames;
  if (!frame) {
    return [NO_DATA];
  }
  switch (frame.schema.meta?.type) {
    case 'numeric-long':
      return orNone(numbers(frame));
    case 'timeseries-wide':
      return orNone(series(frame));
    default:
      throw new Error(`Expressions take no frame of the type ${frame.schema.meta?.type}.`);
  }
}

/** A row is a number for each number field; texts are its labels. Other fields do not count. */
function numbers({ schema, data }: Frame): NumberValue[] {
  const at = (type: string) => schema.fields.flatMap((field, i) => (field.type === type ? [i] : []));
  const rows = data.values[0]?.length ?? 0;
  return Array.from({ length: rows }).flatMap((_, row) => {
    const labels = Object.fromEntries(
      at('string').map((i) => [schema.fields[i].name, String(data.values[i][row] ?? '')])
    );
    return at('number').map((i): NumberValue => {
      return { kind: 'number', labels, value: data.values[i][row] as number | null };
    });
  });
}

function series({ schema, data }: Frame): Series[] {
  const times = data.values[schema.fields.findIndex(({ type }) => type === 'time')] as number[];
  return schema.fields.flatMap(({ type, labels = {} }, i): Series[] => {
    const points = () => new Map(times.map((time, at) => [time, data.values[i][at] as number | null]));
    return type === 'number' ? [{ kind: 'series', labels, points: points() }] : [];
  });
}

function orNone(values: Value[]): Value[] {
  return values.length > 0 ? values : [NO_DATA];
}

export function sameLabels(a: Labels, b: Labels): boolean {
  return Object.keys(a).length === Object.keys(b).length && contains(a, b);
}

export function contains(all: Labels, some: Labels): boolean {
  return Object.entries(some).every(([name, text]) => all[name] === text);
}
