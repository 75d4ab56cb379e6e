/** Starts what the end-to-end tests need and ends it after the last of them. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PROVISIONING, TEST_RESULTS } from '../../../scripts/lib/paths';
import { startPreview } from '../../../scripts/lib/preview';
import { stopAll } from '../../../scripts/lib/processes';
import { ACCOUNT_ID, credentialNamed, startSimulator } from '../../../simulator';
import { HOST } from './environment';
import { spareUid, WORKERS } from './spares';

export default async function setup(): Promise<() => Promise<void>> {
  rmSync(path.join(TEST_RESULTS, 'screenshots'), { recursive: true, force: true });
  const simulator = process.env.SIMULATOR_URL ? undefined : await startSimulator({ port: 0 });
  const simulatorUrl = simulator?.url ?? (process.env.SIMULATOR_URL as string);
  const folder = mkdtempSync(path.join(tmpdir(), 'cfaccess-e2e-'));
  process.env.E2E_SIMULATOR_URL = simulatorUrl;
  process.env.E2E_HAS_TRUTH = String(simulator !== undefined);
  process.env.E2E_URL =
    HOST === 'preview' ? await previewWithSpares(folder, simulatorUrl) : process.env.GRAFANA_URL?.replace(/\/$/, '');
  return async () => {
    await stopAll();
    await simulator?.close();
    rmSync(folder, { recursive: true });
  };
}

/** The preview cannot add data sources, so it starts with some that tests can configure. */
async function previewWithSpares(folder: string, simulatorUrl: string): Promise<string> {
  cpSync(PROVISIONING, folder, { recursive: true });
  const spares = Array.from({ length: WORKERS }, (_, index) => ({
    uid: spareUid(index),
    name: spareUid(index),
    type: 'cfaccess-logs-datasource',
  }));
  mkdirSync(path.join(folder, 'datasources'), { recursive: true });
  // JSON is YAML, too.
  writeFileSync(
    path.join(folder, 'datasources', 'spares.yaml'),
    JSON.stringify({ apiVersion: 1, datasources: spares })
  );
  const env = {
    CLOUDFLARE_API_URL: `${simulatorUrl}/client/v4`,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
    CLOUDFLARE_API_TOKEN: credentialNamed('full-access').token,
  };
  const { url } = await startPreview(0, env, folder);
  return url;
}
