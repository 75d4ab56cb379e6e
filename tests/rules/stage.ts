/** A quiet account on which attacks are played, a data source on it, and the rules. */
import { ATTACKS, type Attack } from '../../dashboards/rules/rule';
import { exported, type ExportedRule } from '../../dashboards/rules/export';
import type { AttackRequest } from '../../simulator/attacks/request';
import { startSimulator, type Simulator } from '../../simulator';
import { startExecutable, type DataSource, type Executable } from '../harness/executable';
import { evaluate, type Evaluation } from './grafana';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const RULES: ExportedRule[] = exported('source-0').flatMap(({ rules }) => rules);

/** Large enough that every office has logins in every hour, small enough that six weeks are read in seconds. */
const SCALE = 0.2;
/** A budget that is there again after a second, so that no test waits for minutes. */
const LIMIT = { limit: 1200, windowSeconds: 1, blockSeconds: 1 };

/** An attack by the time of its first attempt; epoch milliseconds. */
type Attempt = Omit<AttackRequest, 'at'> & { at: number };

/** When an attack begins and ends; epoch milliseconds. */
export interface Played {
  from: number;
  to: number;
}

export class Stage {
  private constructor(
    readonly simulator: Simulator,
    private readonly executable: Executable,
    private readonly source: DataSource
  ) {}

  static async open(now: number): Promise<Stage> {
    const limits = { rest: LIMIT, graphql: LIMIT };
    const simulator = await startSimulator({ port: 0, frozenAt: now, scale: SCALE, quiet: true, ...limits });
    const executable = await startExecutable();
    return new Stage(simulator, executable, executable.dataSources[0]);
  }

  /** Forgets all that the data source knows of the account. */
  configure(settings: Record<string, unknown> = {}): Promise<void> {
    return this.source.configure(this.simulator.apiUrl, settings);
  }

  play(attempts: Attempt[]): Played[] {
    const requests = attempts.map((attempt) => ({ ...attempt, at: new Date(attempt.at).toISOString() }));
    const played = this.simulator.simulation.play(requests);
    return played.map(({ from, to }) => ({ from: Date.parse(from), to: Date.parse(to) }));
  }

  evaluate(now: number, rules = RULES): Promise<Map<string, Evaluation>> {
    return evaluate(this.source, rules, now);
  }

  /** The attacks whose rules fire at a time. Throws if a rule cannot see. */
  async firing(now: number, rules = RULES): Promise<Set<Attack>> {
    const found = new Set<Attack>();
    const evaluations = await this.evaluate(now, rules);
    for (const { uid, labels } of rules) {
      const { alerts = [], error } = evaluations.get(uid) ?? {};
      if (error !== undefined) {
        throw new Error(`${uid}: ${error}`);
      }
      if (alerts.length > 0) {
        found.add(attackOf(labels.attack));
      }
    }
    return found;
  }

  async close(): Promise<void> {
    await this.simulator.close();
    await this.executable.close();
  }
}

function attackOf(label: string): Attack {
  const attack = ATTACKS.find((known) => known === label);
  if (!attack) {
    throw new Error(`A rule has the label attack=${label}.`);
  }
  return attack;
}
