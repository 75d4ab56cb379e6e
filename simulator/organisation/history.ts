import { Evaluator } from '../evaluator/evaluator';
import { hash } from '../hash';
import type { Configuration } from './documents';
import { withMistake, type Mistake } from './mistakes';

const MINUTE_US = 60_000_000;
const DAY_US = 1440 * MINUTE_US;

/** The configuration as it stands for a while, and what decides by it. */
export interface Moment {
  readonly configuration: Configuration;
  readonly evaluator: Evaluator;
}

/** A change as it was written. */
export interface Change {
  readonly us: number;
  readonly mistake: Mistake;
  /** Whether it takes the mistake back. */
  readonly isRepair: boolean;
  /** The configurations around it. */
  readonly before: Configuration;
  readonly after: Configuration;
}

/** A stretch of time (microseconds, the end exclusive) in which a mistake stands. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
  readonly mistake: Mistake;
}

/**
 * How the configuration changes. In the middle of every day (UTC), somebody changes a policy and locks people out,
 * and puts it back some hours later. On two days of three, the same happens to a group or an application.
 * Like everything else that happens, a day only depends on the seed, its number, and what was played.
 */
export class History {
  private readonly moments = new Map<string, Moment>();
  private readonly days = new Map<number, Span[]>();
  private played: Span[] = [];
  /** The stretch without changes that was asked for last: mostly, the next question is about it, too. */
  private last: { fromUs: number; toUs: number; moment: Moment };

  constructor(
    private readonly seed: number,
    private readonly base: Configuration,
    private readonly mistakes: { readonly policies: readonly Mistake[]; readonly others: readonly Mistake[] }
  ) {
    this.last = { fromUs: 0, toUs: 0, moment: this.moment([]) };
  }

  /** Adds a change, and the one that takes it back. */
  play(span: Span): void {
    this.played.push(span);
    this.last.toUs = this.last.fromUs;
  }

  clearPlayed(): void {
    this.played = [];
    this.last.toUs = this.last.fromUs;
  }

  /** `us` is microseconds since the epoch, here and below. */
  at(us: number): Moment {
    const { last } = this;
    if (us >= last.fromUs && us < last.toUs) {
      return last.moment;
    }
    const spans = this.spans(Math.floor(us / DAY_US));
    const edges = spans.flatMap(({ fromUs, toUs }) => [fromUs, toUs]);
    const midnight = Math.floor(us / DAY_US) * DAY_US;
    this.last = {
      fromUs: Math.max(midnight, ...edges.filter((edge) => edge <= us)),
      toUs: Math.min(midnight + DAY_US, ...edges.filter((edge) => edge > us)),
      moment: this.moment(spans.filter(({ fromUs, toUs }) => us >= fromUs && us < toUs)),
    };
    return this.last.moment;
  }

  private moment(active: readonly Span[]): Moment {
    const key = active.map(({ mistake }) => mistake.id).join();
    let moment = this.moments.get(key);
    if (!moment) {
      const configuration = active.reduce((its, { mistake }) => withMistake(its, mistake), this.base);
      moment = { configuration, evaluator: new Evaluator(configuration) };
      this.moments.set(key, moment);
    }
    return moment;
  }

  /** Changes in a window, both bounds inclusive, oldest first. */
  changes(fromUs: number, toUs: number): Change[] {
    const found: Change[] = [];
    for (let day = Math.floor(fromUs / DAY_US); day <= Math.floor(toUs / DAY_US); day++) {
      for (const span of this.spans(day)) {
        for (const [us, isRepair] of [[span.fromUs, false] as const, [span.toUs, true] as const]) {
          // What was played may last into the next day, which has it, too.
          if (us >= fromUs && us <= toUs && Math.floor(us / DAY_US) === day) {
            const [before, after] = [this.at(us - 1).configuration, this.at(us).configuration];
            found.push({ us, mistake: span.mistake, isRepair, before, after });
          }
        }
      }
    }
    return found.sort((a, b) => a.us - b.us);
  }

  /** When something was last changed before a time, undefined where it was not in half a year. */
  changedUs(id: string, us: number): number | undefined {
    const today = Math.floor(us / DAY_US);
    for (let day = today; day > today - 180; day--) {
      const times = this.spans(day).flatMap(({ mistake, fromUs, toUs }) => (mistake.id === id ? [fromUs, toUs] : []));
      const past = times.filter((its) => its <= us);
      if (past.length > 0) {
        return Math.max(...past);
      }
    }
    return undefined;
  }

  private spans(day: number): Span[] {
    const [fromUs, toUs] = [day * DAY_US, (day + 1) * DAY_US];
    return [...this.daily(day), ...this.played.filter((span) => span.fromUs < toUs && span.toUs >= fromUs)];
  }

  /** All of a day's own mistakes begin and end in it. There are none where nothing can be mistaken. */
  private daily(day: number): Span[] {
    let spans = this.days.get(day);
    if (!spans) {
      const { policies, others } = this.mistakes;
      const made =
        policies.length === 0
          ? []
          : [policies[hash(this.seed, day, 81) % policies.length], ...(day % 3 < 2 ? [others[day % 3]] : [])];
      spans = made.map((mistake, which) => {
        const fromUs = day * DAY_US + (600 * MINUTE_US + (hash(this.seed, day, which, 82) % (150 * MINUTE_US)));
        return { fromUs, toUs: fromUs + (100 + (hash(this.seed, day, which, 83) % 120)) * MINUTE_US, mistake };
      });
      this.days.set(day, spans);
    }
    return spans;
  }
}
