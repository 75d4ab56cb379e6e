/** What detections mean, as loops that anybody can follow. They share no code with the executable. */

/** Something that happened: its time (epoch milliseconds) and what its fields show, empty where it has none. */
export interface PlainEvent {
  readonly time: number;
  readonly values: Readonly<Record<string, string>>;
}

export type Test = (event: PlainEvent) => boolean;

export interface PlainRange {
  readonly from: number;
  readonly to: number;
}

export const isIn =
  ({ from, to }: PlainRange) =>
  (event: PlainEvent) =>
    event.time >= from && event.time <= to;

/** The values of some fields, as one text. */
export function keyOf({ values }: PlainEvent, fields: readonly string[]): string {
  return fields.map((field) => values[field] ?? '').join(' · ');
}

/** Events in groups, in their order. */
export function groupsOf(events: readonly PlainEvent[], fields: readonly string[]): Map<string, PlainEvent[]> {
  const groups = new Map<string, PlainEvent[]>();
  for (const event of events) {
    const key = keyOf(event, fields);
    const group = groups.get(key);
    if (group) {
      group.push(event);
    } else {
      groups.set(key, [event]);
    }
  }
  return groups;
}

/** The number of events or, with a field, of its different values. */
export function measureOf(events: readonly PlainEvent[], field?: string): number {
  return field === undefined ? events.length : new Set(events.map((event) => event.values[field] ?? '')).size;
}

/** Events before which no other with the same values came within some time. Events come in their order. */
export function firstSeen(events: readonly PlainEvent[], by: readonly string[], history: number): PlainEvent[] {
  return events.filter((event, i) => {
    for (let before = i - 1; before >= 0 && events[before].time >= event.time - history; before--) {
      if (keyOf(events[before], by) === keyOf(event, by)) {
        return false;
      }
    }
    return true;
  });
}

export interface PlainStep {
  readonly passes: Test;
  readonly atLeast: number;
}

/** An event of the last step, and what led to it. */
export interface Match {
  readonly event: PlainEvent;
  readonly start: number;
  readonly events: number;
}

/** Events of the last step before which the others happened, in their order. Events come in their order. */
export function sequences(
  events: readonly PlainEvent[],
  by: readonly string[],
  steps: readonly PlainStep[],
  within: number
): Match[] {
  const last = steps[steps.length - 1];
  return [...groupsOf(events, by).values()].flatMap((group) => {
    const matches: Match[] = [];
    let unused: PlainEvent[] = [];
    for (const event of group) {
      const near = unused.filter(({ time }) => time >= event.time - within);
      const led = last.passes(event) ? earlierSteps(near, steps.slice(0, -1)) : undefined;
      if (led) {
        matches.push({ event, start: led[0].time, events: led.length + 1 });
        unused = [];
      } else {
        unused.push(event);
      }
    }
    return matches;
  });
}

/** The events of the steps, undefined where they were not all there. */
function earlierSteps(events: readonly PlainEvent[], steps: readonly PlainStep[]): PlainEvent[] | undefined {
  const taken: PlainEvent[] = [];
  let step = 0;
  let count = 0;
  for (const event of events) {
    const isDone = count >= steps[step].atLeast;
    if (isDone && step + 1 < steps.length && steps[step + 1].passes(event)) {
      step++;
      count = 1;
      taken.push(event);
    } else if (steps[step].passes(event)) {
      count++;
      taken.push(event);
    }
  }
  return step === steps.length - 1 && count >= steps[step].atLeast ? taken : undefined;
}

export interface Bucket {
  readonly time: number;
  readonly group: string;
  readonly value: number;
  readonly baseline: number;
  /** Undefined where the baseline has none. */
  readonly deviation: number | undefined;
}

/** Each bucket of each group beside the same ones a while ago, twice as long ago and so on. */
export function compared(
  events: readonly PlainEvent[],
  { from, to }: PlainRange,
  options: { interval: number; shift: number; times: number; groupBy: readonly string[]; field?: string }
): Bucket[] {
  const { interval, shift, times, groupBy, field } = options;
  const within = (group: readonly PlainEvent[], start: number) =>
    measureOf(
      group.filter(({ time }) => time >= start && time < start + interval),
      field
    );
  return [...groupsOf(events, groupBy)].flatMap(([key, group]) => {
    const buckets: Bucket[] = [];
    for (let time = Math.floor(from / interval) * interval; time <= to; time += interval) {
      const past = Array.from({ length: times }, (_, k) => within(group, time - (k + 1) * shift));
      const baseline = past.reduce((sum, value) => sum + value, 0) / times;
      const spread = Math.sqrt(past.reduce((sum, value) => sum + (value - baseline) ** 2, 0) / times);
      const value = within(group, time);
      const deviation = spread === 0 ? undefined : (value - baseline) / spread;
      buckets.push({ time, group: key, value, baseline, deviation });
    }
    return buckets;
  });
}
