import { hash, mix, uuidFor } from '../hash';
import type { Request } from '../organisation/approvals';
import type { Organisation } from '../organisation/organisation';
import type { EventSource, FeedEvent } from './feed';

const TEN_MINUTES_US = 600_000_000;
const SLOTS_A_DAY = 144;

export type JitDecision = NonNullable<Request['decision']>;

/** Somebody asks others for access to an application for a while. */
export interface JitRequest extends Request, FeedEvent {
  readonly id: string;
  /** Indexes into the people. */
  readonly approvers: readonly number[];
  readonly reason: string;
}

const REASONS = ['Monthly closing', 'Question of the auditor', 'Correction of an invoice'];

/** Requests for the applications whose policy wants an approval. The same ones decide about logins. */
export class JitRequests implements EventSource<JitRequest> {
  readonly slotUs = TEN_MINUTES_US;
  private readonly seed: number;
  private readonly approvers: readonly number[];

  constructor(private readonly organisation: Organisation) {
    this.seed = mix(organisation.seed + 505);
    const { people, approvers } = organisation;
    this.approvers = people.flatMap(({ email }, i) => (approvers.includes(email) ? [i] : []));
  }

  count(slot: number): number {
    return this.requests(slot).length;
  }

  events(slot: number): JitRequest[] {
    return this.requests(slot).map((request) => {
      const h = hash(this.seed, slot, request.person);
      const approved = request.decision === 'APPROVED' || request.decision === 'SPENT';
      return {
        ...request,
        rawUs: request.createdUs,
        chance: mix(h + 50),
        id: uuidFor(this.seed, `${request.createdUs}:${request.person}`),
        approvers: approved ? [this.approvers[h % this.approvers.length]] : [],
        reason: REASONS[mix(h + 1) % REASONS.length],
      };
    });
  }

  private requests(slot: number): Request[] {
    const day = this.organisation.approvals.on(Math.floor(slot / SLOTS_A_DAY));
    return day.filter(({ createdUs }) => Math.floor(createdUs / TEN_MINUTES_US) === slot);
  }
}

/** How a request stands at a time. */
export function standsAt(request: JitRequest, nowUs: number): JitDecision | 'PENDING' {
  return request.decision === undefined || request.decidedUs > nowUs ? 'PENDING' : request.decision;
}
