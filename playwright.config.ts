import { defineConfig, devices } from '@playwright/test';
import path from 'node:path';
import { HOST } from './tests/e2e/host/environment';
import { WORKERS } from './tests/e2e/host/spares';

const pluginE2eAuth = path.join(path.dirname(require.resolve('@grafana/plugin-e2e')), 'auth');
const browser = {
  ...devices['Desktop Chrome'],
  viewport: { width: 1400, height: 1000 },
  launchOptions: { executablePath: process.env.CHROMIUM_PATH },
};

/** One host a run: the preview, or the Grafana at GRAFANA_URL. `npm test` runs both where it can. */
export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/playwright',
  globalSetup: './tests/e2e/host/setup.ts',
  fullyParallel: true,
  workers: WORKERS,
  forbidOnly: Boolean(process.env.CI),
  // Grafana loads much more than the preview.
  timeout: HOST === 'preview' ? 60_000 : 180_000,
  expect: { timeout: HOST === 'preview' ? 15_000 : 45_000 },
  reporter: [['list'], ['json', { outputFile: process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/e2e.json' }]],
  use: {
    baseURL: process.env.GRAFANA_URL,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects:
    HOST === 'preview'
      ? [{ name: 'preview', use: browser }]
      : [
          { name: 'auth', testDir: pluginE2eAuth, testMatch: [/.*\.js/], use: browser },
          {
            name: 'grafana',
            use: { ...browser, storageState: `playwright/.auth/${process.env.GRAFANA_ADMIN_USER ?? 'admin'}.json` },
            dependencies: ['auth'],
          },
        ],
});
