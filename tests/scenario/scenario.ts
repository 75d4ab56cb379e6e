/** One simulated account and one data source, and the questions between them. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { EVENT_TYPES, type EventTypeName } from '../../catalogue';
import {
  startSimulator,
  type AttackRequest,
  type Personality,
  type Simulator,
  type SimulatorOptions,
} from '../../simulator';
import {
  startExecutable,
  type Coverage,
  type DataSource,
  type Executable,
  type Frame,
  type Range,
} from '../harness/executable';
import { personToFollow, SHAPES, type Event } from './events';
import { compare, judge, type Verdict } from './judge';
import { HOUR, questionsOf, rangeOf, type Question, type Tally } from './questions';

/** Scenarios that run at the same time; most of a scenario is waiting. */
export const LANES = 16;

/** Short enough pages that the rows of three days take several calls. */
const PAGES: Partial<Personality> = { maxPerPage: 100, graphqlMaxPageSize: 1000 };
/** A budget that is there again after a second, so that no test waits for minutes. */
const LIMIT = { limit: 1200, windowSeconds: 1, blockSeconds: 1 };
const SCALE = 0.1;
/** Tries until an account that is well again is shown as it is, and the pause between them. */
const TRIES = 20;
const PAUSE_MS = 500;

export type Verdicts = Record<string, Verdict>;

interface Lane {
  source: DataSource;
  simulator: Simulator;
}

/** The executable with a data source, and an account, for each scenario that runs. */
export class Lanes {
  private readonly truths = new Map<string, Tally>();

  private constructor(
    private readonly executable: Executable,
    private readonly all: readonly Lane[],
    private readonly free: Lane[],
    private readonly now: number
  ) {}

  /** `attacks` are played in each account. */
  static async start(attacks?: (now: number) => AttackRequest[], count = LANES): Promise<Lanes> {
    const now = Math.floor(Date.now() / 60_000) * 60_000;
    const options = { attacks: attacks?.(now) };
    const executable = await startExecutable(count);
    const lanes = await Promise.all(
      executable.dataSources.map(async (source) => ({ source, simulator: await startAccount(now, options) }))
    );
    return new Lanes(executable, lanes, [...lanes], now);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ simulator }) => simulator.close()));
    await this.executable.close();
  }

  /** Runs a scenario on an account with some settings. All accounts have the same events. */
  async run(personality: Partial<Personality>, scenario: (scenario: Scenario) => Promise<void>): Promise<void> {
    const lane = this.take();
    const { simulation } = lane.simulator;
    simulation.reset();
    simulation.clock.freeze(this.now);
    simulation.personality = { ...simulation.personality, ...personality };
    try {
      await scenario(new Scenario(lane.simulator, lane.source, this.now, this.truths));
    } finally {
      this.free.push(lane);
    }
  }

  /** Runs a scenario on an account of its own, whose events depend on the seed. */
  async runSeeded(
    seed: number,
    personality: Partial<Personality>,
    scenario: (scenario: Scenario) => Promise<void>
  ): Promise<void> {
    const lane = this.take();
    const simulator = await startAccount(this.now, { seed, personality: { ...PAGES, ...personality } });
    try {
      await scenario(new Scenario(simulator, lane.source, this.now, new Map()));
    } finally {
      await simulator.close();
      this.free.push(lane);
    }
  }

  private take(): Lane {
    const lane = this.free.pop();
    assert.ok(lane, `more than ${LANES} scenarios at a time`);
    return lane;
  }
}

/** An account that stands still, so that its truth is one. */
function startAccount(now: number, options: SimulatorOptions = {}): Promise<Simulator> {
  return startSimulator({
    ...{ port: 0, frozenAt: now, scale: SCALE, rest: LIMIT, graphql: LIMIT, personality: PAGES },
    ...options,
  });
}

const notices = (frame?: Frame): string[] => frame?.schema.meta?.notices?.map(({ text }) => text) ?? [];

export interface Asking {
  fromAlert?: boolean;
  /** Leaves out events that the account does not show. */
  known?: (event: Event) => boolean;
  /** Names (refId) of the questions. */
  only?: string[];
}

export class Scenario {
  /** Three days hold at least one working day, and the youngest rows may still change. */
  readonly range: Range;
  readonly person: string;
  /** Errors and notices of the last answers. */
  private said: string[] = [];

  constructor(
    readonly simulator: Simulator,
    readonly source: DataSource,
    readonly now: number,
    /** What was found out for other scenarios on the same events. */
    private readonly truths: Map<string, Tally>
  ) {
    this.range = { from: Math.floor(now / HOUR) * HOUR - 72 * HOUR, to: now };
    this.person = personToFollow(simulator, this.range);
  }

  /** Starts with a data source that knows nothing. */
  fresh(settings: Record<string, unknown> = {}): Promise<void> {
    return this.source.configure(this.simulator.apiUrl, settings);
  }

  questions(queryType: EventTypeName): Question[] {
    return questionsOf(queryType, this.person);
  }

  /** What a question must be answered with; `known` leaves out events that the account does not show. */
  truth(question: Question, known?: (event: Event) => boolean): Tally {
    const { simulation } = this.simulator;
    const key = JSON.stringify([question.query, simulation.clock.now(), simulation.personality]);
    const found = known ? undefined : this.truths.get(key);
    if (found) {
      return found;
    }
    const range = rangeOf(question, this.range);
    const events = SHAPES[question.query.queryType].read(this.simulator, range, this.person);
    const truth = question.expected(known ? events.filter(known) : events);
    if (!known) {
      this.truths.set(key, truth);
    }
    return truth;
  }

  /** Asks questions of a query type, all if not told which, in one request and judges the answers. */
  async ask(queryType: EventTypeName, { fromAlert = false, known, only }: Asking = {}): Promise<Verdicts> {
    const questions = this.questions(queryType).filter(({ query }) => only?.includes(query.refId) ?? true);
    const results = await this.source.query(
      this.range,
      questions.map(({ query }) => query),
      fromAlert
    );
    this.said = Object.values(results).flatMap(({ error, frames }) => error ?? notices(frames?.[0]));
    return Object.fromEntries(
      questions.map((question) => {
        const { refId } = question.query;
        return [refId, judge(question, results[refId], this.truth(question, known), fromAlert)];
      })
    );
  }

  /** The account is well: the truth is shown, if not at once then soon, and nothing untrue before. */
  async recovers(queryType: EventTypeName): Promise<void> {
    let verdicts: Verdicts = {};
    for (let i = 0; i < TRIES; i++) {
      verdicts = await this.ask(queryType);
      if (Object.values(verdicts).every((verdict) => verdict === 'complete')) {
        return;
      }
      await pause(PAUSE_MS);
    }
    assert.fail(`The account is well, and the answers are still ${JSON.stringify(verdicts)}: ${this.said.join(' ')}`);
  }

  /** What the answers say of themselves. */
  async coverages(queryType: EventTypeName): Promise<Array<{ coverage: Coverage; notices: string[] }>> {
    const answers = await this.frames(queryType);
    return answers.map(({ frame }) => {
      const meta = frame.schema.meta;
      assert.ok(meta?.custom?.coverage);
      return { coverage: meta.custom.coverage, notices: notices(frame) };
    });
  }

  /** Answers hold all of some events, and nothing that is not true. */
  async holdsAtLeast(queryType: EventTypeName, known: (event: Event) => boolean): Promise<void> {
    for (const { question, frame } of await this.frames(queryType)) {
      const got = question.read(frame);
      assert.deepEqual(compare(got, this.truth(question)).more, []);
      assert.deepEqual(compare(got, this.truth(question, known)).fewer, []);
    }
  }

  /** What has arrived late is shown in the end, and nothing that is not true. */
  async catchesUp(queryType: EventTypeName, arrived: (event: Event) => boolean): Promise<void> {
    let wrong: string[] = [];
    for (let i = 0; i < TRIES; i++) {
      const answers = await this.frames(queryType);
      wrong = answers.flatMap(({ question, frame }) => {
        const got = question.read(frame);
        return [...compare(got, this.truth(question)).more, ...compare(got, this.truth(question, arrived)).fewer];
      });
      if (wrong.length === 0) {
        return;
      }
      await pause(PAUSE_MS);
    }
    assert.fail(`What arrived late is not shown: ${wrong.slice(0, 3).join('; ')}`);
  }

  private async frames(queryType: EventTypeName): Promise<Array<{ question: Question; frame: Frame }>> {
    const questions = this.questions(queryType);
    const results = await this.source.query(
      this.range,
      questions.map(({ query }) => query)
    );
    return questions.map((question) => {
      const { error, frames } = results[question.query.refId];
      assert.ok(frames?.[0], `${question.query.refId}: ${error}`);
      return { question, frame: frames[0] };
    });
  }
}

export { EVENT_TYPES, type EventTypeName };
