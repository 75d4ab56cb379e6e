/** One request that the account received. Neither headers nor bodies are kept: no credential can be in here. */
export interface Call {
  id: number;
  /** RFC 3339, the organisation's time. */
  at: string;
  method: string;
  path: string;
  query: string;
  surface: string;
  credential: string;
  /** 0 where no answer was given. */
  status: number;
  rows: number;
  faults: string[];
}

const KEPT = 20_000;

export class CallLog {
  private calls: Call[] = [];
  private nextId = 1;
  private counts: Record<string, number> = {};

  add(call: Omit<Call, 'id'>): void {
    this.calls.push({ id: this.nextId++, ...call });
    if (this.calls.length > KEPT) {
      this.calls = this.calls.slice(-KEPT / 2);
    }
    this.counts[call.surface] = (this.counts[call.surface] ?? 0) + 1;
  }

  clear(): void {
    this.calls = [];
    this.counts = {};
  }

  /** Counts since the last clearing, and the newest calls with an id above `after`. */
  report(after = 0): { total: number; counts: Record<string, number>; refused: number; calls: Call[] } {
    const total = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    const refused = this.calls.filter((call) => call.status === 429).length;
    return { total, counts: { ...this.counts }, refused, calls: this.calls.filter((call) => call.id > after) };
  }
}
