import { hash, unit } from '../hash';
import { MINUTE_US } from '../events/offsets';
import type { AttackName, AttackParameters } from './kinds';

/** One attack at its moment. What it does is a pure function of these values. */
export interface Attack extends AttackParameters {
  readonly kind: AttackName;
  /** Microseconds since the epoch: the time of the first attempt. */
  readonly startUs: number;
  /** Index into the people: whom it is about, or the first of them. */
  readonly person: number;
  /** A hash of its own, for all that is drawn. */
  readonly h: number;
}

export function endUs({ startUs, minutes }: Attack): number {
  return startUs + minutes * MINUTE_US;
}

/** The time of an attempt: they are spread over the attack, and the first one opens it. */
export function timeOf(attack: Attack, attempt: number): number {
  const stepUs = (attack.minutes * MINUTE_US) / attack.attempts;
  const jitter = attempt === 0 ? 0 : unit(hash(attack.h, attempt, 7));
  return attack.startUs + Math.floor((attempt + jitter) * stepUs);
}

/** The attempts in a stretch of time (microseconds, the end exclusive), oldest first. */
export function attemptsIn(attack: Attack, fromUs: number, toUs: number): number[] {
  const stepUs = (attack.minutes * MINUTE_US) / attack.attempts;
  const first = Math.max(0, Math.floor((fromUs - attack.startUs) / stepUs));
  const last = Math.min(attack.attempts - 1, Math.floor((toUs - attack.startUs) / stepUs));
  const found: number[] = [];
  for (let attempt = first; attempt <= last; attempt++) {
    const us = timeOf(attack, attempt);
    if (us >= fromUs && us < toUs) {
      found.push(attempt);
    }
  }
  return found;
}
