import type { PlayedAttack } from './attacks/plan';
import type { AttackRequest } from './attacks/request';
import { CallLog } from './callLog';
import { Clock } from './clock';
import { ACCOUNT_ID } from './constants';
import { FaultPlan } from './faults/faults';
import { MovingFeed } from './faults/movingFeed';
import { RateLimiter } from './http/rateLimit';
import { SURFACES } from './http/router';
import type { ResolvedOptions } from './options';
import type { Personality } from './personality';
import { changeAttacks, createWorld, type World } from './world';

/** The state of a running account: everything that the control endpoints can read and change. */
export class Simulation {
  readonly accountId = ACCOUNT_ID;
  readonly clock: Clock;
  readonly world: World;
  readonly faults: FaultPlan;
  readonly movingFeed = new MovingFeed();
  readonly calls = new CallLog();
  readonly restLimit: RateLimiter;
  readonly graphqlLimit: RateLimiter;
  personality: Personality;
  latencyMs: number;
  /** The version of the attacks as they were at the start. */
  private attacksAtStart = 0;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(readonly options: ResolvedOptions) {
    this.clock = new Clock(options.now);
    if (options.frozenAt !== undefined) {
      this.clock.freeze(options.frozenAt);
    }
    const { seed, scale, people, quiet } = options;
    this.world = createWorld({ seed, scale, people, quiet, clock: this.clock });
    this.restoreAttacks();
    this.personality = options.personality;
    this.latencyMs = options.latencyMs;
    this.restLimit = new RateLimiter({ ...options.rest });
    this.graphqlLimit = new RateLimiter({ ...options.graphql });
    this.faults = new FaultPlan(options.seed, SURFACES);
    this.faults.add(options.faults);
  }

  /** Plays attacks on top of what happens anyway; all of them or, where one is wrong, those before it. */
  play(requests: readonly AttackRequest[]): PlayedAttack[] {
    const played: PlayedAttack[] = [];
    changeAttacks(this.world, (attacks) => requests.forEach((request) => played.push(attacks.play(request))));
    return played;
  }

  clearAttacks(): void {
    changeAttacks(this.world, (attacks) => attacks.clear());
  }

  private restoreAttacks(): void {
    const { attacks } = this.world;
    // What was read of the events stays known where nothing has changed.
    if (attacks.version !== this.attacksAtStart) {
      this.clearAttacks();
    }
    if (attacks.list().length === 0) {
      this.play(this.options.attacks);
    }
    this.attacksAtStart = attacks.version;
  }

  /** As started: no other faults, settings, attacks, calls or spent budgets. The clock is left alone. */
  reset(): void {
    this.restoreAttacks();
    this.faults.clear();
    this.faults.add(this.options.faults);
    this.personality = this.options.personality;
    this.latencyMs = this.options.latencyMs;
    this.calls.clear();
    this.restLimit.reset();
    this.graphqlLimit.reset();
    Object.assign(this.restLimit.options, this.options.rest);
    Object.assign(this.graphqlLimit.options, this.options.graphql);
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, milliseconds);
      this.timers.add(timer);
    });
  }

  stop(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
  }
}
