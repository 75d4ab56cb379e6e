import type { FaultName, FaultRequest } from '../../simulator';

/** Parameters and settings that keep a scenario short, or give a fault something to do. */
const CHOSEN: Partial<Record<FaultName, Partial<FaultRequest>>> = {
  rateLimited: { parameters: { retryAfterSeconds: 1 } },
  slow: { parameters: { delayMs: 100 } },
  personality: { set: { maxPerPage: 50, untilBound: 'exclusive', resultInfo: 'absent' } },
};

export function faultOf(kind: FaultName): FaultRequest {
  return { kind, ...CHOSEN[kind] };
}

/** Settings of the data source under some faults: a call that hangs is given up after seconds. */
export function settingsFor(kinds: readonly FaultName[]): Record<string, unknown> {
  return kinds.includes('hang') ? { timeout: 2 } : {};
}
