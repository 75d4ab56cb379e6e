/** Explore with one query, A: opening it, changing it in the editor, and what was answered. */
import type { Locator, Page } from '@playwright/test';
import type { QueryTypeName } from '../../catalogue';
import type { QueryOptions } from '../../src/types';
import { hasTruth, simulatorUrl } from './host/environment';

export interface Query extends QueryOptions {
  queryType: QueryTypeName;
  format?: 'table' | 'time_series' | 'logs';
  filters?: Array<{ field: string; operator: string; values: string[] }>;
  fields?: string[];
  groupBy?: string[];
  limit?: number;
}

/** Whole minutes of a day that ended half an hour ago: nothing comes late any more. Both ends are inclusive. */
export interface Window {
  from: number;
  to: number;
}

interface Frame {
  schema: {
    name?: string;
    fields: Array<{ name: string; labels?: Record<string, string> }>;
    meta?: { custom?: unknown };
  };
  data: { values: unknown[][] };
}

/** What came back for the query. */
export class Answer {
  constructor(
    readonly frames: Frame[],
    readonly error: string | undefined
  ) {}

  /** The values of a column of the first frame. */
  column(name: string): unknown[] {
    const [frame] = this.frames;
    const index = frame?.schema.fields.findIndex((field) => field.name === name) ?? -1;
    if (index < 0) {
      const names = frame?.schema.fields.map((field) => field.name).join(', ');
      throw new Error(`No column ${name}. ${this.error ?? `There are: ${names}.`}`);
    }
    return frame.data.values[index];
  }

  get rows(): number {
    return this.frames[0]?.data.values[0]?.length ?? 0;
  }
}

export function dayBefore(now = Date.now()): Window {
  const minute = 60_000;
  const end = Math.floor(now / minute) * minute - 30 * minute;
  return { from: end - 24 * 60 * minute, to: end - 1 };
}

/** CSS selector of the plugin's query editor, without what Grafana puts around it. */
export const EDITOR = 'div:has(> [role="group"][aria-label="Search"])';

export class Explore {
  constructor(
    private readonly page: Page,
    private readonly dataSourceUid: string,
    readonly window: Window = dayBefore(),
    private readonly theme = 'dark'
  ) {}

  /** The query's editor. */
  get editor(): Locator {
    return this.page.locator(EDITOR).first();
  }

  /** Opens Explore with this query; resolves to its answer. */
  open(query: Query): Promise<Answer> {
    const datasource = { uid: this.dataSourceUid, type: 'cfaccess-logs-datasource' };
    const range = { from: String(this.window.from), to: String(this.window.to) };
    const pane = { datasource: this.dataSourceUid, queries: [{ refId: 'A', datasource, ...query }], range };
    const address = `/explore?schemaVersion=1&orgId=1&theme=${this.theme}&panes=${encodeURIComponent(JSON.stringify({ a: pane }))}`;
    return this.answerTo(async () => {
      await this.page.goto(address);
    });
  }

  /** Does something that asks; resolves to what is answered. */
  async answerTo(action: () => Promise<void>): Promise<Answer> {
    const answered = this.page.waitForResponse((response) => {
      const body = response.request().postDataJSON() as { queries?: Array<{ refId: string }> } | null;
      return response.url().includes('/api/ds/query') && Boolean(body?.queries?.some(({ refId }) => refId === 'A'));
    });
    await action();
    const body = (await (await answered).json()) as {
      results: Record<string, { frames?: Frame[]; error?: string }>;
      message?: string;
    };
    const result = body.results?.A;
    return new Answer(result?.frames ?? [], result?.error ?? (result ? undefined : body.message));
  }

  /** Adds a filter in the editor, by the labels that people see, and resolves to the new answer. */
  async addFilter(field: string, value: string): Promise<Answer> {
    await this.editor.getByRole('button', { name: 'Filter', exact: true }).click();
    const filter = this.editor.getByRole('group', { name: /^Filter \d+$/ }).last();
    await choose(filter.getByRole('combobox', { name: /field$/ }), field);
    const values = filter.getByRole('combobox', { name: /values$/ });
    return this.answerTo(async () => {
      await values.fill(value);
      await values.press('Enter');
    });
  }

  /** Chooses Table, Time series or Logs and resolves to the new answer. */
  show(format: 'Table' | 'Time series' | 'Logs'): Promise<Answer> {
    return this.answerTo(() => this.editor.getByRole('radio', { name: format }).check({ force: true }));
  }

  /** How many events really were in the window; undefined where the simulated account cannot be asked from here. */
  async truth(surface: QueryTypeName, userId?: string): Promise<Array<Record<string, unknown>> | undefined> {
    if (!hasTruth()) {
      return undefined;
    }
    const query = new URLSearchParams({
      surface,
      from: String(this.window.from),
      to: String(this.window.to),
      ...(userId ? { user_id: userId } : {}),
    });
    const answer = await this.page.request.get(`${simulatorUrl()}/__simulator/truth?${query}`);
    return ((await answer.json()) as { rows: Array<Record<string, unknown>> }).rows;
  }
}

/** Chooses an option of a combobox by its label. */
async function choose(combobox: Locator, label: string): Promise<void> {
  await combobox.click();
  await combobox.fill(label);
  await combobox.page().getByRole('option', { name: label, exact: false }).first().click();
}
