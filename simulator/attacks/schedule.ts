import { MINUTE_US } from '../events/offsets';
import { hash, unit } from '../hash';
import type { Attack } from './attack';

/**
 * Somebody sprays passwords for a few minutes, and comes back. One burst starts in every 165 minutes, at most
 * 12 minutes after their start, so that the last three hours always hold one.
 */
const EVERY_MINUTES = 165;
const JITTER_MINUTES = 12;
const LONGEST_MINUTES = 8;
/** Accounts that every burst goes for. */
const USERS = 62;

/** The bursts that happen without anybody asking for them. */
export class Schedule {
  constructor(
    private readonly seed: number,
    private readonly scale: number
  ) {}

  /** The bursts that may have attempts in a stretch of time (microseconds). */
  between(fromUs: number, toUs: number): Attack[] {
    const everyUs = EVERY_MINUTES * MINUTE_US;
    const first = Math.floor((fromUs - (JITTER_MINUTES + LONGEST_MINUTES) * MINUTE_US) / everyUs);
    const last = Math.floor(toUs / everyUs);
    return Array.from({ length: last - first + 1 }, (_, i) => this.burst(first + i));
  }

  private burst(number: number): Attack {
    const h = (what: number) => hash(this.seed, number, what, 31);
    const startUs = (number * EVERY_MINUTES + (h(1) % (JITTER_MINUTES + 1))) * MINUTE_US;
    const minutes = 4 + (h(2) % (LONGEST_MINUTES - 3));
    const attempts = Math.max(minutes, Math.round((60 + (h(3) % 120)) * this.scale));
    const isSpread = unit(h(4)) < 0.7;
    return {
      kind: isSpread ? 'distributed_spray' : 'spray',
      ...{ startUs, minutes, attempts, users: USERS, addresses: isSpread ? 6 + (h(5) % 30) : 1, person: 0, h: h(6) },
    };
  }
}
