/** The executable as Grafana's browser half reaches it: settings and queries over HTTP, answered by the preview. */
import assert from 'node:assert/strict';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPreview } from '../../scripts/lib/preview';
import { stopAll } from '../../scripts/lib/processes';
import { plugin, TEST_RESULTS } from '../../scripts/lib/paths';
import type { QueryTypeName } from '../../catalogue';
import { ACCOUNT_ID, credentialNamed } from '../../simulator';

export interface Filter {
  field: string;
  operator: string;
  values: string[];
}

export interface Query {
  refId: string;
  queryType: QueryTypeName;
  format: string;
  filters?: Filter[];
  groupBy?: string[];
  fields?: string[];
  limit?: number;
  intervalMs?: number;
  measure?: { type: string; field?: string };
  having?: { operator: string; value: number };
  firstSeen?: { by: string[]; history: string };
  sequence?: { by: string[]; steps: Array<{ filters: Filter[]; atLeast?: number }>; within: string };
  compare?: { shift: string; times?: number; show?: string };
}

/** Epoch milliseconds. */
export interface Range {
  from: number;
  to: number;
}

export interface Coverage {
  complete: boolean;
  reason?: string;
  rows: number;
  sampled: boolean;
}

export interface Frame {
  schema: {
    fields: Array<{ name: string; type: string; labels?: Record<string, string> }>;
    meta?: { type?: string; custom?: { coverage?: Coverage }; notices?: Array<{ severity: string; text: string }> };
  };
  data: { values: unknown[][] };
}

export interface Result {
  status: number;
  error?: string;
  errorSource?: string;
  frames?: Frame[];
}

/** One data source of a running executable. */
export class DataSource {
  constructor(
    private readonly url: string,
    readonly uid: string
  ) {}

  /** Saves settings, with the token of a credential: what the data source knew is gone. */
  async configure(apiUrl: string, more: Record<string, unknown> = {}, credential = 'full-access'): Promise<void> {
    const answer = await fetch(this.address(), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonData: { accountId: ACCOUNT_ID, authType: 'apiToken', apiUrl, ...more },
        secureJsonData: { apiToken: credentialNamed(credential).token },
      }),
    });
    assert.equal(answer.status, 200, await answer.text());
  }

  /**
   * Asks queries in one request, as a panel does, or with `fromAlert` as an alert rule does. Throws if the request fails as
   * a whole.
   */
  async query(range: Range, queries: Query[], fromAlert = false): Promise<Record<string, Result>> {
    const datasource = { uid: this.uid, type: plugin.id };
    const answer = await fetch(`${this.url}/api/ds/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(fromAlert ? { FromAlert: 'true' } : {}) },
      body: JSON.stringify({
        from: String(range.from),
        to: String(range.to),
        queries: queries.map((query) => ({ datasource, intervalMs: 60_000, maxDataPoints: 500, ...query })),
      }),
    });
    const { results, message } = (await answer.json()) as { results?: Record<string, Result>; message?: string };
    if (!results) {
      throw new Error(message);
    }
    return results;
  }

  resource(name: string): Promise<Response> {
    return fetch(`${this.address()}/resources/${name}`);
  }

  health(): Promise<Response> {
    return fetch(`${this.address()}/health`);
  }

  private address(): string {
    return `${this.url}/api/datasources/uid/${this.uid}`;
  }
}

export interface Executable {
  dataSources: DataSource[];
  close(): Promise<void>;
}

/**
 * Starts the built executable with a number of data sources that have no settings yet, in this process's environment and
 * `env`. Its log, which tells of every fault, goes to test-results.
 */
export async function startExecutable(count = 1, env: Record<string, string> = {}): Promise<Executable> {
  const provisioning = mkdtempSync(path.join(tmpdir(), 'provisioning-'));
  const uids = Array.from({ length: count }, (_, i) => `source-${i}`);
  const datasources = uids.map((uid) => ({ uid, name: uid, type: plugin.id }));
  mkdirSync(path.join(provisioning, 'datasources'));
  // JSON is YAML, too.
  writeFileSync(path.join(provisioning, 'datasources', 'all.yaml'), JSON.stringify({ datasources }));
  mkdirSync(TEST_RESULTS, { recursive: true });
  const log = openSync(path.join(TEST_RESULTS, `${path.basename(process.argv[1])}.log`), 'w');
  const { url } = await startPreview(0, env, provisioning, log);
  closeSync(log);
  return {
    dataSources: uids.map((uid) => new DataSource(url, uid)),
    close: async () => {
      await stopAll();
      rmSync(provisioning, { recursive: true, force: true });
    },
  };
}
