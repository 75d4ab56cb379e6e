import assert from 'node:assert/strict';
import { after } from 'node:test';
import { ACCOUNT_ID, credentialNamed, startSimulator, type Simulator, type SimulatorOptions } from '../index';

/** A Wednesday afternoon: every office has been at work. */
export const NOW = Date.UTC(2026, 2, 4, 15, 30, 12, 345);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A simulator on a free port with a stopped clock, closed after the tests of the file. */
export async function start(options: SimulatorOptions = {}): Promise<Client> {
  const simulator = await startSimulator({ port: 0, frozenAt: NOW, ...options });
  after(() => simulator.close());
  return new Client(simulator);
}

export interface Envelope<T = Record<string, unknown>> {
  success: boolean;
  errors: Array<{ code: number; message: string; error_chain?: Array<{ code: number; message: string }> }>;
  messages: Array<{ code: number; message: string }>;
  result: T[] | null;
  result_info?: { count: number; page: number; per_page: number; total_count: number };
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface GraphqlBody {
  data: {
    viewer: {
      budget: number;
      accounts: Array<
        Record<string, GraphqlGroup[]> & { settings?: { accessLoginRequestsAdaptiveGroups: Record<string, unknown> } }
      >;
    };
  } | null;
  errors: Array<{ message: string; path: string[] | null; extensions: Record<string, unknown> }> | null;
}

export interface GraphqlGroup {
  count: number;
  avg: { sampleInterval: number };
  dimensions: Record<string, string | number>;
}

export class Client {
  constructor(
    readonly simulator: Simulator,
    private readonly headers: Record<string, string> = bearer('full-access')
  ) {}

  as(headers: Record<string, string>): Client {
    return new Client(this.simulator, headers);
  }

  async raw(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.simulator.apiUrl + path, {
      redirect: 'manual',
      ...init,
      headers: { ...this.headers, ...init.headers },
    });
  }

  async get<T = Record<string, unknown>>(path: string): Promise<Answer<Envelope<T>>> {
    const response = await this.raw(path);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Envelope<T> };
  }

  account<T = Record<string, unknown>>(path: string, account = ACCOUNT_ID): Promise<Answer<Envelope<T>>> {
    return this.get<T>(`/accounts/${account}${path}`);
  }

  /** Rows of one page of `access_requests`. */
  async logins(parameters: Record<string, string | number>): Promise<LoginRow[]> {
    const query = new URLSearchParams(
      Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)])
    );
    const { status, body } = await this.account<LoginRow>(`/access/logs/access_requests?${query}`);
    assert.equal(status, 200, JSON.stringify(body.errors));
    return body.result ?? [];
  }

  async graphql(query: string, variables: Record<string, unknown> = {}): Promise<Answer<GraphqlBody>> {
    const response = await this.raw('/graphql', { method: 'POST', body: JSON.stringify({ query, variables }) });
    return { status: response.status, headers: response.headers, body: (await response.json()) as GraphqlBody };
  }

  /** Groups of one node, which must be without errors. */
  async groups(filter: string, selection: string, more = ''): Promise<GraphqlGroup[]> {
    const { body } = await this.graphql(`{ viewer { accounts(filter: { accountTag: "${ACCOUNT_ID}" }) {
      node: accessLoginRequestsAdaptiveGroups(limit: 10000, filter: { ${filter} } ${more}) { ${selection} }
    } } }`);
    assert.equal(body.errors, null, JSON.stringify(body.errors));
    return body.data?.viewer.accounts[0].node ?? [];
  }

  async control<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const response = await fetch(`${this.simulator.url}/__simulator${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
}

export interface LoginRow extends Record<string, unknown> {
  user_email: string;
  created_at: string;
  allowed: boolean;
  country: string;
  app_uid: string;
  app_type: string;
  ray_id: string;
  connection: string;
}

export function bearer(name: string): Record<string, string> {
  const { token } = credentialNamed(name);
  assert.ok(token, `${name} has a token`);
  return { authorization: `Bearer ${token}` };
}
