/** What the end-to-end tests run against. host/setup.ts fills the variables before the first test. */
export type HostName = 'preview' | 'grafana';

export const HOST: HostName =
  (process.env.E2E_HOST as HostName | undefined) ?? (process.env.GRAFANA_URL ? 'grafana' : 'preview');

function variable(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set; tests/e2e/host/setup.ts sets it.`);
  }
  return value;
}

/** Address of the preview or of Grafana. */
export const hostUrl = () => variable('E2E_URL');

/** Address of the simulated account as the executable reaches it. */
export const simulatorUrl = () => variable('E2E_SIMULATOR_URL');

/** Whether this machine reaches it too, so that a test can ask it for the truth. */
export const hasTruth = () => process.env.E2E_HAS_TRUTH === 'true';
