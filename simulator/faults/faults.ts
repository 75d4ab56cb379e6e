import { hash, unit } from '../hash';
import { parsePersonality, type Personality } from '../personality';
import { FAULT_KINDS, type FaultKind, type FaultName } from './kinds';

/** A fault as it is asked for. Without `count` and `probability` it strikes every call. */
export interface FaultRequest {
  kind: FaultName;
  /** Surface, or `*` (default) for all. */
  surface?: string;
  /** Strikes this many calls, then ends. */
  count?: number;
  /** Calls that pass before the first that it strikes. */
  skip?: number;
  /** Strikes a call with this probability, by the seed. */
  probability?: number;
  /** Values in place of the kind's defaults. */
  parameters?: Record<string, number | string>;
  /** For `personality`. */
  set?: Record<string, unknown>;
}

export interface Fault extends Required<Omit<FaultRequest, 'count' | 'set'>> {
  id: number;
  count: number | null;
  set: Partial<Personality>;
  seen: number;
  struck: number;
}

export interface Strike {
  kind: FaultName;
  stage: FaultKind['stage'];
  parameters: Readonly<Record<string, number | string>>;
  set: Partial<Personality>;
}

function check(request: FaultRequest, surfaces: readonly string[]): string[] {
  const problems: string[] = [];
  const kind: FaultKind | undefined = FAULT_KINDS[request.kind];
  if (!kind) {
    return [`There is no fault "${request.kind}". Faults: ${Object.keys(FAULT_KINDS).join(', ')}.`];
  }
  if (request.surface !== undefined && request.surface !== '*' && !surfaces.includes(request.surface)) {
    problems.push(`There is no surface "${request.surface}". Surfaces: *, ${surfaces.join(', ')}.`);
  }
  for (const name of ['count', 'skip'] as const) {
    const value = request[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 0)) {
      problems.push(`"${name}" must be a whole number, 0 or more.`);
    }
  }
  if (request.probability !== undefined && !(request.probability >= 0 && request.probability <= 1)) {
    problems.push('"probability" must be between 0 and 1.');
  }
  for (const [name, value] of Object.entries(request.parameters ?? {})) {
    const fallback = kind.parameters[name];
    if (fallback === undefined || typeof fallback !== typeof value) {
      const known = Object.entries(kind.parameters).map(([key, its]) => `${key} (${typeof its})`);
      problems.push(
        `"${request.kind}" does not take "${name}" = ${JSON.stringify(value)}. It takes: ${known.join(', ') || 'nothing'}.`
      );
    }
  }
  return problems;
}

/** The faults that are on. Which calls they strike depends on the seed and the order of calls only. */
export class FaultPlan {
  private faults: Fault[] = [];
  private nextId = 1;

  constructor(
    private readonly seed: number,
    private readonly surfaces: readonly string[]
  ) {}

  /** Adds faults, all or none. Throws an error that says what is allowed. */
  add(requests: readonly FaultRequest[]): void {
    const problems = requests.flatMap((request) => check(request, this.surfaces));
    if (problems.length > 0) {
      throw new Error(problems.join(' '));
    }
    const added = requests.map((request) => ({
      kind: request.kind,
      surface: request.surface ?? '*',
      count: request.count ?? null,
      skip: request.skip ?? 0,
      probability: request.probability ?? 1,
      parameters: { ...FAULT_KINDS[request.kind].parameters, ...request.parameters },
      set: parsePersonality(request.set ?? {}),
      seen: 0,
      struck: 0,
    }));
    this.faults.push(...added.map((fault) => ({ id: this.nextId++, ...fault })));
  }

  clear(): void {
    this.faults = [];
  }

  list(): readonly Fault[] {
    return this.faults;
  }

  /** What strikes the next call of a surface. At most one fault replaces or breaks the answer; the others add up. */
  strike(surface: string): Strike[] {
    const strikes: Strike[] = [];
    for (const fault of this.faults) {
      if (fault.surface !== '*' && fault.surface !== surface) {
        continue;
      }
      const { stage } = FAULT_KINDS[fault.kind];
      const exclusive = stage === 'instead' || stage === 'connection';
      if (exclusive && strikes.some((other) => other.stage === 'instead' || other.stage === 'connection')) {
        continue;
      }
      fault.seen++;
      const over = fault.count !== null && fault.struck >= fault.count;
      if (over || fault.seen <= fault.skip || unit(hash(this.seed, fault.id, fault.seen, 77)) >= fault.probability) {
        continue;
      }
      fault.struck++;
      strikes.push({ kind: fault.kind, stage, parameters: fault.parameters, set: fault.set });
    }
    return strikes;
  }
}
