import { hash, unit } from '../hash';
import type { Application } from './applications';
import type { PolicyDocument } from './documents';
import { OFFICES } from './offices';
import type { Person } from './people';

const MINUTE_US = 60_000_000;
const DAY_US = 1440 * MINUTE_US;
/** Who was approved has access for a working day. */
export const TEMPORARY_ACCESS_SECONDS = 9 * 3600;
const LASTS_US = TEMPORARY_ACCESS_SECONDS * 1_000_000;

/** Somebody asks others for access to an application for a while. Times are microseconds since the epoch. */
export interface Request {
  /** Indexes into the people and the applications. */
  readonly person: number;
  readonly app: number;
  readonly createdUs: number;
  /** How it ends, if it does: nobody may ever answer. */
  readonly decision?: 'APPROVED' | 'DENIED' | 'CANCELED' | 'SPENT';
  readonly decidedUs: number;
  readonly expiresUs: number;
}

const DECISIONS: ReadonlyArray<readonly [Request['decision'], number]> = [
  ['APPROVED', 0.62],
  ['SPENT', 0.04],
  ['DENIED', 0.1],
  ['CANCELED', 0.06],
];

/** Requests for temporary access: one a working day of everybody whose policy wants an approval. */
export class Approvals {
  private readonly asking: ReadonlyArray<readonly [person: number, app: number]>;
  private readonly apps: ReadonlySet<number>;
  private readonly days = new Map<number, readonly Request[]>();

  constructor(
    private readonly seed: number,
    private readonly people: readonly Person[],
    applications: readonly Application[],
    policies: ReadonlyMap<string, readonly PolicyDocument[]>
  ) {
    this.asking = applications.flatMap(({ name, teams }, app) =>
      policies.get(name)?.some((policy) => policy.approval_required)
        ? people.flatMap(({ team }, person) => (teams.includes(team) ? [[person, app] as const] : []))
        : []
    );
    this.apps = new Set(this.asking.map(([, app]) => app));
  }

  /** Requests of a day since the epoch (UTC), oldest first. */
  on(day: number): readonly Request[] {
    let requests = this.days.get(day);
    if (!requests) {
      requests = this.asking
        .map(([person, app]) => this.request(day, person, app))
        .sort((a, b) => a.createdUs - b.createdUs);
      this.days.set(day, requests);
    }
    return requests;
  }

  /** Whether somebody has an approval that still lasts. */
  isApproved(person: number, app: number, us: number): boolean {
    if (!this.apps.has(app)) {
      return false;
    }
    const today = Math.floor(us / DAY_US);
    return [today, today - 1].some((day) =>
      this.on(day).some(
        (request) =>
          request.person === person &&
          request.app === app &&
          (request.decision === 'APPROVED' || request.decision === 'SPENT') &&
          us >= request.decidedUs &&
          us < request.expiresUs
      )
    );
  }

  private request(day: number, person: number, app: number): Request {
    const draw = (what: number) => unit(hash(this.seed, day, person, 90 + what));
    const { utcOffset } = OFFICES[this.people[person].office];
    // Early in the morning of the person's office, though not before the day begins in UTC.
    const opens = Math.max(0, 8 * 60 - utcOffset) * MINUTE_US;
    const createdUs = day * DAY_US + opens + Math.floor(draw(1) * 90 * MINUTE_US);
    let left = draw(2);
    const decision = DECISIONS.find(([, share]) => (left -= share) < 0)?.[0];
    const decidedUs = createdUs + Math.floor((2 + 25 * draw(3)) * MINUTE_US);
    const approved = decision === 'APPROVED' || decision === 'SPENT';
    return { person, app, createdUs, decision, decidedUs, expiresUs: (approved ? decidedUs : createdUs) + LASTS_US };
  }
}
