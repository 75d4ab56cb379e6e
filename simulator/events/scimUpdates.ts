import type { AttackPlan } from '../attacks/plan';
import { hash, mix, poisson, unit, uuidFor } from '../hash';
import { MINUTE_SHARES, minuteOfWeek } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import { inOrder, type EventSource, type FeedEvent } from './feed';
import { slotOffsets } from './offsets';

/** Updates in a working day at scale 1. */
export const SCIM_UPDATES_A_DAY = 42;
const TEN_MINUTES_US = 600_000_000;

export type ScimKind = 'join' | 'leave' | 'change' | 'remove' | 'groupChange' | 'groupJoin';

export interface ScimUpdate extends FeedEvent {
  readonly kind: ScimKind;
  /** Index into the providers. */
  readonly provider: number;
  /** Index into the people; for a group, whom the change is about. */
  readonly person: number;
  /** Index into the groups, -1 for a person. */
  readonly group: number;
  readonly failed: boolean;
  readonly id: string;
}

const KINDS: ReadonlyArray<readonly [ScimKind, number]> = [
  ['join', 0.1],
  ['leave', 0.08],
  ['change', 0.42],
  ['remove', 0.05],
  ['groupChange', 0.25],
  ['groupJoin', 0.1],
];

/** People who join, change and leave, as the identity providers tell it. */
export class ScimUpdates implements EventSource<ScimUpdate> {
  readonly slotUs = TEN_MINUTES_US;
  private readonly seed: number;
  private readonly byProvider: number[][];

  constructor(
    private readonly organisation: Organisation,
    private readonly scale: number,
    private readonly attacks: AttackPlan
  ) {
    this.seed = mix(organisation.seed + 303);
    this.byProvider = organisation.providers.map((_, provider) =>
      organisation.people.flatMap((person, i) => (person.provider === provider ? [i] : []))
    );
  }

  count(slot: number): number {
    return this.regular(slot) + this.attempts(slot).length;
  }

  events(slot: number): ScimUpdate[] {
    const count = this.regular(slot);
    const offsets = slotOffsets(this.seed, slot, count, TEN_MINUTES_US);
    const updates = Array.from({ length: count }, (_, i) => this.update(slot, i, offsets[i]));
    return inOrder(updates, this.attempts(slot));
  }

  private regular(slot: number): number {
    const shares = MINUTE_SHARES[minuteOfWeek(slot * 10)];
    return poisson(shares[shares.length - 1] * 10 * SCIM_UPDATES_A_DAY * this.scale, hash(this.seed, slot, 2));
  }

  private attempts(slot: number): ScimUpdate[] {
    return this.attacks.scimUpdates(slot * TEN_MINUTES_US, (slot + 1) * TEN_MINUTES_US);
  }

  private update(slot: number, index: number, offset: number): ScimUpdate {
    const h = hash(this.seed, slot, index, 1);
    const draw = (what: number) => unit(mix(h + what));
    const provider = draw(1) < 0.8 ? 0 : 1;
    let left = draw(2);
    const kind = KINDS.find(([, share]) => (left -= share) < 0)?.[0] ?? 'change';
    const isGroup = kind === 'groupChange' || kind === 'groupJoin';
    const people = this.byProvider[provider];
    return {
      rawUs: slot * TEN_MINUTES_US + offset,
      chance: mix(h + 50),
      kind,
      provider,
      person: people[Math.floor(draw(3) * people.length)] ?? 0,
      group: isGroup ? Math.floor(draw(4) * this.organisation.groups.length) : -1,
      failed: !this.organisation.quiet && draw(5) < 0.06,
      id: uuidFor(this.seed, `${slot}:${index}`),
    };
  }
}
