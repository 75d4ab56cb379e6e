import { AttackPlan } from './attacks/plan';
import { Clock } from './clock';
import { MAX_HISTORY_DAYS } from './constants';
import { AuditEntries, type AuditEntry } from './events/auditEntries';
import { Feed, type FeedEvent, type FeedQuery } from './events/feed';
import { IdentityLogins } from './events/identityLogins';
import { Judge } from './events/judge';
import { JitRequests, type JitRequest } from './events/jitRequests';
import type { Login } from './events/login';
import { MergedLogins, NonIdentityLogins } from './events/nonIdentityLogins';
import { ScimUpdates, type ScimUpdate } from './events/scimUpdates';
import { mix, unit } from './hash';
import { createOrganisation, type Organisation, type Variation } from './organisation/organisation';
import type { ResolvedOptions } from './options';
import type { Personality } from './personality';

/** Everything that exists and happens, without the manners of the API. */
export interface World {
  readonly organisation: Organisation;
  readonly judge: Judge;
  readonly clock: Clock;
  readonly attacks: AttackPlan;
  readonly identity: Feed<Login>;
  readonly nonIdentity: Feed<Login>;
  readonly logins: Feed<Login>;
  readonly scim: Feed<ScimUpdate>;
  readonly audit: Feed<AuditEntry>;
  readonly jit: Feed<JitRequest>;
}

export function createWorld(
  options: Pick<ResolvedOptions, 'seed' | 'scale' | 'people'> & Variation & { clock: Clock }
): World {
  const organisation = createOrganisation(options.seed, options.people, options);
  const judge = new Judge(organisation);
  const attacks = new AttackPlan(organisation, judge, options.scale);
  const identity = new IdentityLogins(organisation, judge, options.scale, attacks);
  const nonIdentity = new NonIdentityLogins(organisation, judge, options.scale, attacks);
  const merged = new MergedLogins([identity, nonIdentity]);
  return {
    organisation,
    judge,
    clock: options.clock,
    attacks,
    identity: new Feed(identity),
    nonIdentity: new Feed(nonIdentity),
    logins: new Feed(merged),
    scim: new Feed(new ScimUpdates(organisation, options.scale, attacks)),
    audit: new Feed(new AuditEntries(organisation)),
    jit: new Feed(new JitRequests(organisation)),
  };
}

/** Changes what attacks were played. Whatever was kept of the events is dropped. */
export function changeAttacks(world: World, change: (attacks: AttackPlan) => void): void {
  try {
    change(world.attacks);
  } finally {
    [world.identity, world.nonIdentity, world.logins, world.scim, world.audit].forEach((feed) => feed.forget());
  }
}

export const DAY_US = 86_400_000_000;

export function quantumUs(personality: Personality): number {
  return Math.round(personality.timestampQuantumMs * 1000);
}

/** The time that a row shows. */
export function shownUs(event: FeedEvent, quantum: number): number {
  return Math.floor(event.rawUs / quantum) * quantum;
}

export interface Window {
  /** Microseconds; undefined is open. */
  sinceUs?: number;
  untilUs?: number;
}

/** The part of a window that a surface can answer: bounds as the personality treats them, retention, now. */
export function windowQuery<E extends FeedEvent>(
  personality: Personality,
  nowUs: number,
  window: Window,
  reachDays: number
): FeedQuery<E> {
  const quantum = quantumUs(personality);
  const up = (us: number) => Math.ceil(us / quantum) * quantum;
  const down = (us: number) => Math.floor(us / quantum) * quantum;
  const second = (us: number) => Math.floor(us / 1_000_000) * 1_000_000;
  const oldest = up(nowUs - Math.min(reachDays, MAX_HISTORY_DAYS) * DAY_US);
  let fromUs = oldest;
  if (window.sinceUs !== undefined) {
    const { sinceBound } = personality;
    const since = sinceBound === 'seconds' ? second(window.sinceUs) : window.sinceUs;
    fromUs = Math.max(oldest, sinceBound === 'exclusive' ? down(since) + quantum : up(since));
  }
  let toUs = nowUs + quantum;
  if (window.untilUs !== undefined) {
    const { untilBound } = personality;
    const until = untilBound === 'seconds' ? second(window.untilUs) : window.untilUs;
    toUs = untilBound === 'exclusive' ? up(until) : down(until) + quantum;
  }
  return { fromUs, toUs, nowUs, ...arrival<E>(personality) };
}

function arrival<E extends FeedEvent>(personality: Personality): Pick<FeedQuery<E>, 'arrivesUs' | 'maxDelayUs'> {
  const { lateShare, lateByMs, ingestDelayMs } = personality;
  if (lateShare === 0 && ingestDelayMs === 0) {
    return {};
  }
  return {
    maxDelayUs: (lateByMs + ingestDelayMs) * 1000,
    arrivesUs: (event) => {
      const late = unit(mix(event.chance + 5)) < lateShare;
      const delay = late ? lateByMs * (0.2 + 0.8 * unit(mix(event.chance + 6))) : 0;
      return event.rawUs + (delay + ingestDelayMs) * 1000;
    },
  };
}

/** How often a row is given where some are given twice. */
export function copies(event: FeedEvent, personality: Personality): number {
  return personality.duplicateShare > 0 && unit(mix(event.chance + 8)) < personality.duplicateShare ? 2 : 1;
}
