import { hash, unit } from '../hash';

/**
 * The password spray: somebody tries many accounts on one application for a few minutes, and comes back.
 * One burst starts in every 165 minutes, at most 12 minutes after their start, so that the last
 * three hours always hold one.
 */
export const SPRAY_EVERY_MINUTES = 165;
const JITTER_MINUTES = 12;

interface Burst {
  readonly start: number;
  readonly minutes: number;
  readonly attempts: number;
  readonly app: number;
}

function burst(seed: number, number: number): Burst {
  const h = (what: number) => hash(seed, number, what, 31);
  return {
    start: number * SPRAY_EVERY_MINUTES + (h(1) % (JITTER_MINUTES + 1)),
    minutes: 4 + (h(2) % 5),
    attempts: 60 + (h(3) % 120),
    // Webmail mostly, else the wiki.
    app: unit(h(4)) < 0.7 ? 18 : 0,
  };
}

/** The burst that a minute (since the epoch) is part of, and its attempts in that minute. */
export function sprayAt(seed: number, minute: number, scale: number): { attempts: number; app: number } | undefined {
  const number = Math.floor(minute / SPRAY_EVERY_MINUTES);
  for (const candidate of [number, number - 1]) {
    const found = burst(seed, candidate);
    if (minute >= found.start && minute < found.start + found.minutes) {
      return { attempts: Math.max(1, Math.round((found.attempts * scale) / found.minutes)), app: found.app };
    }
  }
  return undefined;
}
