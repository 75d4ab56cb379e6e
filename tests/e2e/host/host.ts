/**
 * The two places in which the specs run, seen alike. Both have Grafana's addresses, HTTP API and query editor row;
 * what differs is here.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { PROVISIONING } from '../../../scripts/lib/paths';
import { ACCOUNT_ID, credentialNamed } from '../../../simulator';
import { simulatorUrl } from './environment';
import { spareUid } from './spares';

/** A data source's settings, as in `jsonData` and `secureJsonData`. */
export interface Settings {
  jsonData: Record<string, unknown>;
  secureJsonData: Record<string, string>;
}

/** Settings that reach the simulated account with one of its tokens. */
export function settingsFor(credential: string): Settings {
  return {
    jsonData: { accountId: ACCOUNT_ID, authType: 'apiToken', apiUrl: `${simulatorUrl()}/client/v4` },
    secureJsonData: { apiToken: credentialNamed(credential).token ?? '' },
  };
}

export interface Host {
  /** Uid of a data source with these settings, for this test alone. */
  dataSource(settings: Settings): Promise<string>;
  /** Uid of a provisioned dashboard over this data source: that of a file, by default the overview's. */
  dashboard(dataSourceUid: string, file?: string): Promise<string>;
  /** Removes what the two above have made. */
  cleanUp(): Promise<void>;
  /** Panel of a dashboard. */
  panel(page: Page, title: string): Locator;
  /** CSS selector of the plugin's part of the configuration page. */
  configEditor: string;
}

const OVERVIEW = 'cloudflare-access.json';
const PLUGIN = 'cfaccess-logs-datasource';

interface Dashboard {
  uid: string;
  templating: { list: Array<{ type: string }> };
}

function provisioned(file: string): Dashboard {
  return JSON.parse(readFileSync(path.join(PROVISIONING, 'dashboards', file), 'utf8')) as Dashboard;
}

export function previewHost(request: APIRequestContext, worker: number): Host {
  return {
    async dataSource(settings) {
      const uid = spareUid(worker);
      const answer = await request.put(`/api/datasources/uid/${uid}`, { data: { name: uid, ...settings } });
      await expectOk(answer);
      return uid;
    },
    // The provisioned dashboard asks the provisioned data source.
    dashboard: (_, file = OVERVIEW) => Promise.resolve(provisioned(file).uid),
    cleanUp: () => Promise.resolve(),
    panel: (page, title) => page.getByRole('region', { name: title, exact: true }),
    configEditor: 'main',
  };
}

export function grafanaHost(request: APIRequestContext): Host {
  const made: string[] = [];
  return {
    async dataSource(settings) {
      const name = `cfaccess-e2e-${Date.now()}-${Math.random().toString(36).slice(2, 8)}`;
      const data = { uid: name, name, type: PLUGIN, access: 'proxy', ...settings };
      await expectOk(await request.post('/api/datasources', { data }));
      made.push(`/api/datasources/uid/${name}`);
      return name;
    },
    async dashboard(dataSourceUid, file = OVERVIEW) {
      const uid = `${dataSourceUid}-d`.slice(-40);
      const data = { dashboard: overDataSource(provisioned(file), dataSourceUid, uid), overwrite: true };
      await expectOk(await request.post('/api/dashboards/db', { data }));
      made.push(`/api/dashboards/uid/${uid}`);
      return uid;
    },
    async cleanUp() {
      for (const address of made.splice(0).reverse()) {
        await request.delete(address);
      }
    },
    panel: (page, title) => page.getByTestId(`data-testid Panel header ${title}`),
    configEditor: 'form',
  };
}

/** The dashboard asks the data source that its first variable names; left open, Grafana takes the first by name. */
function overDataSource(dashboard: Dashboard, dataSourceUid: string, uid: string): object {
  const current = { text: dataSourceUid, value: dataSourceUid };
  const list = dashboard.templating.list.map((variable) =>
    variable.type === 'datasource' ? { ...variable, current } : variable
  );
  return { ...dashboard, templating: { list }, id: null, uid, title: uid };
}

async function expectOk(answer: { ok(): boolean; status(): number; text(): Promise<string> }): Promise<void> {
  if (!answer.ok()) {
    throw new Error(`${answer.status()}: ${await answer.text()}`);
  }
}
