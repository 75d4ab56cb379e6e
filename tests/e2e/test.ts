/** `test` with the host as a fixture; on Grafana it is @grafana/plugin-e2e's, signed in as an administrator. */
import path from 'node:path';
import { test as grafanaTest } from '@grafana/plugin-e2e';
import { test as plainTest, type Page, type TestInfo } from '@playwright/test';
import { TEST_RESULTS } from '../../scripts/lib/paths';
import { HOST, hostUrl } from './host/environment';
import { grafanaHost, previewHost, type Host } from './host/host';

interface Fixtures {
  host: Host;
  /** Keeps a picture of the page as an artifact, `test-results/screenshots/<name>.png`. */
  picture: (name: string) => Promise<void>;
}

const base = HOST === 'preview' ? plainTest : (grafanaTest as unknown as typeof plainTest);

export const test = base.extend<Fixtures>({
  baseURL: ({}, use) => use(hostUrl()),
  host: async ({ request }, use, testInfo) => {
    const host = HOST === 'preview' ? previewHost(request, testInfo.parallelIndex) : grafanaHost(request);
    await use(host);
    await host.cleanUp();
  },
  picture: async ({ page }, use, testInfo) => {
    await use((name) => keepPicture(page, testInfo, name));
  },
});

export { expect } from '@playwright/test';

async function keepPicture(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  const file = path.join(TEST_RESULTS, 'screenshots', `${HOST}-${name}.png`);
  await page.screenshot({ path: file, animations: 'disabled' });
  await testInfo.attach(name, { path: file, contentType: 'image/png' });
}
