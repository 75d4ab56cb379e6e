import type { Judge } from '../events/judge';
import { IDENTITY, type Login } from '../events/login';
import { MINUTE_US } from '../events/offsets';
import type { ScimUpdate } from '../events/scimUpdates';
import { hash, mix, uuidFor } from '../hash';
import type { Organisation } from '../organisation/organisation';
import { attemptsIn, endUs, timeOf, type Attack } from './attack';
import { ATTACK_KINDS, type AttackKind, type AttackName } from './kinds';
import { AttackLogins } from './logins';
import { readAttack, type AttackRequest } from './request';
import { Schedule } from './schedule';

/** Kinds whose last, or only, logins must be allowed. */
const SUCCEEDS: readonly AttackName[] = ['burst_then_success', 'many_countries', 'new_country'];

/** A played attack as the control endpoint shows it. */
export interface PlayedAttack {
  readonly attack: AttackName;
  readonly from: string;
  readonly to: string;
  /** E-mail address, where it is about one person. */
  readonly user?: string;
}

/**
 * All that is done to the account on purpose: bursts on schedule, and attacks that were played. Together with the seed,
 * they determine what happens in a minute.
 */
export class AttackPlan {
  private readonly logins: AttackLogins;
  private readonly schedule: Schedule | undefined;
  private played: Attack[] = [];
  /** Grows with each change, for whatever keeps something that follows from events. */
  version = 0;

  constructor(
    private readonly organisation: Organisation,
    judge: Judge,
    scale: number
  ) {
    this.logins = new AttackLogins(organisation, judge);
    this.schedule = organisation.quiet ? undefined : new Schedule(mix(organisation.seed + 101), scale);
  }

  /** Throws an error that says what is allowed. Where nobody is named, somebody is chosen whom the attack works on. */
  play(request: AttackRequest): PlayedAttack {
    const { people, history, opened } = this.organisation;
    const { user, ...values } = readAttack(request);
    const named = user === undefined ? -1 : people.findIndex(({ email }) => email === user);
    if (user !== undefined && named < 0) {
      throw new Error(`There is nobody with the email address "${user}".`);
    }
    const h = hash(this.organisation.seed, Math.floor(values.startUs / MINUTE_US), this.played.length, 606);
    const candidates = named < 0 ? people.map((_, i) => (h + i) % people.length) : [named];
    const attack = candidates
      .map((person): Attack => ({ ...values, person, h }))
      .find((candidate) => this.works(candidate));
    if (!attack) {
      throw new Error(
        `At that time, the policies block ${user ?? 'everybody'}, so "${request.attack}" cannot succeed.`
      );
    }
    this.played.push(attack);
    if (attack.kind === 'access_changed') {
      history.play({ fromUs: attack.startUs, toUs: endUs(attack), mistake: opened });
    }
    this.version++;
    return this.shown(attack);
  }

  list(): PlayedAttack[] {
    return this.played.map((attack) => this.shown(attack));
  }

  clear(): void {
    this.played = [];
    this.organisation.history.clearPlayed();
    this.version++;
  }

  loginCount(stream: Login['stream'], minute: number): number {
    return this.inMinute(stream, minute).reduce((sum, [, attempts]) => sum + attempts.length, 0);
  }

  /** Logins of a minute; `index` is the first place in it that is free. */
  loginsIn(stream: Login['stream'], minute: number, index: number): Login[] {
    let next = index;
    return this.inMinute(stream, minute).flatMap(([attack, attempts]) =>
      attempts.map((attempt) => this.logins.login(attack, attempt, next++))
    );
  }

  /** Failed SCIM updates in a stretch of time (microseconds, the end exclusive). */
  scimUpdates(fromUs: number, toUs: number): ScimUpdate[] {
    return this.played.flatMap((attack) =>
      attack.kind === 'scim_failures'
        ? attemptsIn(attack, fromUs, toUs).map((attempt): ScimUpdate => ({
            rawUs: timeOf(attack, attempt),
            chance: hash(attack.h, attempt, 8),
            kind: 'change',
            provider: 0,
            person: (attack.person + attempt) % this.organisation.people.length,
            group: -1,
            failed: true,
            id: uuidFor(attack.h, String(attempt)),
          }))
        : []
    );
  }

  /** When a token and a certificate expire that have not long to go, in microseconds. */
  expiringUs(nowUs: number): number | undefined {
    const now = this.played.find(
      (attack) => attack.kind === 'token_expiring' && nowUs >= attack.startUs && nowUs < endUs(attack)
    );
    return now && endUs(now);
  }

  private inMinute(stream: Login['stream'], minute: number): Array<readonly [Attack, number[]]> {
    const [fromUs, toUs] = [minute * MINUTE_US, (minute + 1) * MINUTE_US];
    const scheduled = stream === IDENTITY ? (this.schedule?.between(fromUs, toUs) ?? []) : [];
    const played = this.played.filter(({ kind }) => this.logins.isMadeOf(kind, stream));
    return [...scheduled, ...played].map((attack) => [attack, attemptsIn(attack, fromUs, toUs)] as const);
  }

  private works(attack: Attack): boolean {
    const first = attack.kind === 'burst_then_success' ? attack.attempts - 1 : 0;
    return (
      !SUCCEEDS.includes(attack.kind) ||
      Array.from({ length: attack.attempts - first }, (_, i) => first + i).every(
        (attempt) => this.logins.login(attack, attempt, 0).allowed
      )
    );
  }

  private shown(attack: Attack): PlayedAttack {
    const { hasUser }: AttackKind = ATTACK_KINDS[attack.kind];
    return {
      attack: attack.kind,
      from: new Date(attack.startUs / 1000).toISOString(),
      to: new Date(endUs(attack) / 1000).toISOString(),
      ...(hasUser ? { user: this.organisation.people[attack.person].email } : {}),
    };
  }
}
