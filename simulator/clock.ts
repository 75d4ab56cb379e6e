/**
 * Two times that move together. `now` is the time of the organisation: events after it have not happened.
 * `elapsed` only counts forward and drives rate limits, so that a frozen organisation still gets its budget back.
 * Both are epoch milliseconds.
 */
export class Clock {
  private advanced = 0;
  private frozenAt: number | undefined;

  constructor(private readonly wall: () => number = Date.now) {}

  now(): number {
    return (this.frozenAt ?? this.wall()) + this.advanced;
  }

  elapsed(): number {
    return this.wall() + this.advanced;
  }

  advance(milliseconds: number): void {
    this.advanced += milliseconds;
  }

  /** Stops `now` at a time (it still moves by `advance`); undefined lets it run again. */
  freeze(at: number | undefined): void {
    this.advanced = 0;
    this.frozenAt = at;
  }
}
