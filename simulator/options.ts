import type { AttackRequest } from './attacks/request';
import { DEFAULT_PORT, DEFAULT_SEED } from './constants';
import type { FaultRequest } from './faults/faults';
import type { RateLimitOptions } from './http/rateLimit';
import { DEFAULT_PERSONALITY, type Personality } from './personality';

export interface SimulatorOptions {
  /** 0 takes a free port. */
  port?: number;
  seed?: number;
  /** Multiplies the number of events; 1 is about five thousand logins in a working day. */
  scale?: number;
  people?: number;
  /** Nothing odd happens, unless it is played. */
  quiet?: boolean;
  /** Epoch milliseconds; the default is the machine's clock. Drives the rate limits, too. */
  now?: () => number;
  /** Stops the organisation at a time (epoch milliseconds); rate limits go on with the clock. */
  frozenAt?: number;
  /** Waiting time before every answer. */
  latencyMs?: number;
  rest?: Partial<RateLimitOptions>;
  graphql?: Partial<RateLimitOptions>;
  personality?: Partial<Personality>;
  faults?: readonly FaultRequest[];
  attacks?: readonly AttackRequest[];
}

export interface ResolvedOptions {
  port: number;
  seed: number;
  scale: number;
  people: number;
  quiet: boolean;
  now: () => number;
  frozenAt?: number;
  latencyMs: number;
  rest: RateLimitOptions;
  graphql: RateLimitOptions;
  personality: Personality;
  faults: readonly FaultRequest[];
  attacks: readonly AttackRequest[];
}

export function resolveOptions(options: SimulatorOptions = {}): ResolvedOptions {
  return {
    port: options.port ?? DEFAULT_PORT,
    seed: options.seed ?? DEFAULT_SEED,
    scale: options.scale ?? 1,
    people: options.people ?? 300,
    quiet: options.quiet ?? false,
    now: options.now ?? Date.now,
    frozenAt: options.frozenAt,
    latencyMs: options.latencyMs ?? 0,
    rest: { limit: 1200, windowSeconds: 300, blockSeconds: 300, ...options.rest },
    graphql: { limit: 300, windowSeconds: 300, blockSeconds: 300, ...options.graphql },
    personality: { ...DEFAULT_PERSONALITY, ...options.personality },
    faults: options.faults ?? [],
    attacks: options.attacks ?? [],
  };
}
