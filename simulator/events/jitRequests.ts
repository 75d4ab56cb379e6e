import { hash, mix, poisson, unit, uuidFor } from '../hash';
import { MINUTE_SHARES, minuteOfWeek } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import type { EventSource, FeedEvent } from './feed';
import { slotOffsets } from './offsets';

/** Requests for temporary access in a working day at scale 1. */
export const JIT_REQUESTS_A_DAY = 24;
const TEN_MINUTES_US = 600_000_000;
const MINUTE_US = 60_000_000;
/** Who was approved has access for so long, and who waits, waits for so long. */
const LASTS_US = 60 * MINUTE_US;

export type JitDecision = 'APPROVED' | 'DENIED' | 'CANCELED' | 'SPENT';

/** Somebody asks others for access to an application for a while. */
export interface JitRequest extends FeedEvent {
  readonly id: string;
  /** Indexes into the people and the applications. */
  readonly person: number;
  readonly approvers: readonly number[];
  readonly app: number;
  readonly reason: string;
  /** How it ends, if it does: nobody may ever answer. */
  readonly decision?: JitDecision;
  /** Microseconds since the epoch. */
  readonly decidedUs: number;
  readonly expiresUs: number;
}

const DECISIONS: ReadonlyArray<readonly [JitDecision | undefined, number]> = [
  ['APPROVED', 0.55],
  ['DENIED', 0.18],
  ['CANCELED', 0.1],
  ['SPENT', 0.05],
  [undefined, 0.12],
];
const REASONS = ['Monthly closing', 'Question of the auditor', 'Correction of an invoice'];

/** Requests for the applications that ask for a reason and an approval. */
export class JitRequests implements EventSource<JitRequest> {
  readonly slotUs = TEN_MINUTES_US;
  private readonly seed: number;
  private readonly apps: number[];

  constructor(
    private readonly organisation: Organisation,
    private readonly scale: number
  ) {
    this.seed = mix(organisation.seed + 505);
    this.apps = organisation.applications.flatMap(({ asksForReason }, i) => (asksForReason ? [i] : []));
  }

  count(slot: number): number {
    const shares = MINUTE_SHARES[minuteOfWeek(slot * 10)];
    return poisson(shares[shares.length - 1] * 10 * JIT_REQUESTS_A_DAY * this.scale, hash(this.seed, slot, 2));
  }

  events(slot: number): JitRequest[] {
    const count = this.count(slot);
    const offsets = slotOffsets(this.seed, slot, count, TEN_MINUTES_US);
    return Array.from({ length: count }, (_, i) => this.request(slot, i, offsets[i]));
  }

  private request(slot: number, index: number, offset: number): JitRequest {
    const h = hash(this.seed, slot, index, 1);
    const draw = (what: number) => unit(mix(h + what));
    const { people } = this.organisation;
    const rawUs = slot * TEN_MINUTES_US + offset;
    let left = draw(1);
    const decision = DECISIONS.find(([, share]) => (left -= share) < 0)?.[0];
    const decidedUs = rawUs + Math.floor((1 + 40 * draw(2)) * MINUTE_US);
    const approved = decision === 'APPROVED' || decision === 'SPENT';
    return {
      rawUs,
      chance: mix(h + 50),
      id: uuidFor(this.seed, `${slot}:${index}`),
      person: Math.floor(draw(3) * people.length),
      approvers: approved ? [0, 1].map((i) => mix(h + 60 + i) % people.length) : [],
      app: this.apps[Math.floor(draw(4) * this.apps.length)],
      reason: REASONS[Math.floor(draw(5) * REASONS.length)],
      decision,
      decidedUs,
      expiresUs: (approved ? decidedUs : rawUs) + LASTS_US,
    };
  }
}

/** How a request stands at a time. */
export function standsAt(request: JitRequest, nowUs: number): JitDecision | 'PENDING' {
  return request.decision === undefined || request.decidedUs > nowUs ? 'PENDING' : request.decision;
}
