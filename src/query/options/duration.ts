import { hasVariable } from '../template';

const UNITS = {
  s: { milliseconds: 1000, word: 'second' },
  m: { milliseconds: 60_000, word: 'minute' },
  h: { milliseconds: 3_600_000, word: 'hour' },
  d: { milliseconds: 86_400_000, word: 'day' },
  w: { milliseconds: 604_800_000, word: 'week' },
};
type Unit = keyof typeof UNITS;

/** JSON Schema and the editor both read durations by this. */
export const DURATION_PATTERN = '^[1-9][0-9]*[smhdw]$';

function parse(text: string): { count: number; unit: Unit } | undefined {
  const trimmed = text.trim();
  return new RegExp(DURATION_PATTERN).test(trimmed)
    ? { count: Number(trimmed.slice(0, -1)), unit: trimmed.slice(-1) as Unit }
    : undefined;
}

/** Milliseconds of a whole number and a unit, such as 20m; undefined for any other text. */
export function milliseconds(text: string): number | undefined {
  const parsed = parse(text);
  return parsed && parsed.count * UNITS[parsed.unit].milliseconds;
}

/** A duration as people say it, such as 20 minutes. */
export function spellDuration(text: string): string {
  const parsed = parse(text);
  return parsed ? `${parsed.count} ${UNITS[parsed.unit].word}${parsed.count === 1 ? '' : 's'}` : text;
}

/** What is wrong with a duration that may be at most so long, if anything. */
export function durationProblem(text: string, most: string): string | undefined {
  const length = milliseconds(text);
  const fits = length !== undefined && length <= (milliseconds(most) ?? 0);
  return fits || hasVariable(text)
    ? undefined
    : `Enter a whole number and one of s, m, h, d, w, such as 20m, at most ${most}.`;
}
