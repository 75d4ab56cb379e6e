import { hash, mix, poisson, unit, uuidFor } from '../hash';
import { drawChange, refusedChange, writtenChange, type ConfigurationChange } from '../organisation/changes';
import type { Change } from '../organisation/history';
import { MINUTE_SHARES, minuteOfWeek } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import type { EventSource, FeedEvent } from './feed';
import { slotOffsets } from './offsets';

/** Entries about Access in a working day, and those about anything else. They do not grow with the logins. */
export const CHANGES_A_DAY = 12;
export const OTHER_ENTRIES_A_DAY = 36;
const TEN_MINUTES_US = 600_000_000;
const FAILED = 0.06;

/** An entry of the account's audit log. */
export interface AuditEntry extends FeedEvent {
  readonly id: string;
  /** Index into the people; -1 is a token of the account. */
  readonly person: number;
  readonly context: 'dash' | 'api_key' | 'api_token';
  readonly failed: boolean;
  /** What happened to Access; absent where the entry is about something else. */
  readonly change?: ConfigurationChange;
}

/** What administrators do in the account: to Access, and to everything else that it has. */
export class AuditEntries implements EventSource<AuditEntry> {
  readonly slotUs = TEN_MINUTES_US;
  private readonly seed: number;
  /** Indexes of the people who may change something. */
  private readonly administrators: number[];

  constructor(private readonly organisation: Organisation) {
    this.seed = mix(organisation.seed + 404);
    const security = organisation.people.flatMap(({ team }, i) => (team === 'security' ? [i] : []));
    this.administrators = security.length > 0 ? security.slice(0, 5) : [0];
  }

  count(slot: number): number {
    return this.drawn(slot) + this.changes(slot).length;
  }

  events(slot: number): AuditEntry[] {
    const count = this.drawn(slot);
    const offsets = slotOffsets(this.seed, slot, count, TEN_MINUTES_US);
    const entries = Array.from({ length: count }, (_, i) => this.entry(slot, i, offsets[i]));
    entries.push(...this.changes(slot).map((change) => this.written(change)));
    return entries.sort((a, b) => a.rawUs - b.rawUs);
  }

  private drawn(slot: number): number {
    const shares = MINUTE_SHARES[minuteOfWeek(slot * 10)];
    const mean = shares[shares.length - 1] * 10 * (CHANGES_A_DAY + OTHER_ENTRIES_A_DAY);
    return poisson(mean, hash(this.seed, slot, 2));
  }

  /** Changes to what decides about logins. */
  private changes(slot: number): Change[] {
    return this.organisation.history.changes(slot * TEN_MINUTES_US, (slot + 1) * TEN_MINUTES_US - 1);
  }

  private administrator(u: number): number {
    return this.administrators[Math.floor(u * this.administrators.length)];
  }

  private written(change: Change): AuditEntry {
    const chance = hash(this.seed, Math.floor(change.us / TEN_MINUTES_US), change.us % TEN_MINUTES_US, 3);
    // Some are put back by the tool that keeps the configuration.
    const isTool = change.isRepair && unit(chance) < 0.3;
    return {
      rawUs: change.us,
      chance,
      id: uuidFor(this.seed, `${change.mistake.id}:${change.us}`),
      person: isTool ? -1 : this.administrator(unit(mix(chance + 1))),
      context: isTool ? 'api_token' : 'dash',
      failed: false,
      change: writtenChange(this.organisation, change),
    };
  }

  private entry(slot: number, index: number, offset: number): AuditEntry {
    const h = hash(this.seed, slot, index, 1);
    const draw = (what: number) => unit(mix(h + what));
    const context = draw(1) < 0.7 ? 'dash' : draw(1) < 0.9 ? 'api_token' : 'api_key';
    const isAccess = !this.organisation.quiet && draw(2) < CHANGES_A_DAY / (CHANGES_A_DAY + OTHER_ENTRIES_A_DAY);
    const rawUs = slot * TEN_MINUTES_US + offset;
    const failed = draw(4) < FAILED;
    const change = failed
      ? refusedChange(this.organisation, this.organisation.history.at(rawUs).configuration, mix(h + 5))
      : drawChange(this.organisation, mix(h + 5));
    return {
      rawUs,
      chance: mix(h + 50),
      id: uuidFor(this.seed, `${slot}:${index}`),
      person: context === 'api_token' ? -1 : this.administrator(draw(3)),
      context,
      failed,
      ...(isAccess ? { change } : {}),
    };
  }
}
