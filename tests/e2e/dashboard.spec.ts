/** The provisioned overview dashboard shows its panels. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROVISIONING } from '../../scripts/lib/paths';
import { settingsFor } from './host/host';
import { expect, test } from './test';

interface Panel {
  type: string;
  title: string;
}

const { panels } = JSON.parse(
  readFileSync(path.join(PROVISIONING, 'dashboards', 'cloudflare-access.json'), 'utf8')
) as { panels: Panel[] };
const shown = panels.filter(({ type, title }) => type !== 'row' && title);

test('every panel of the overview shows data', async ({ page, host, picture }) => {
  const uid = await host.dashboard(await host.dataSource(settingsFor('full-access')));
  const answers: Array<Promise<{ results: Record<string, { error?: string }> }>> = [];
  page.on('response', (response) => {
    if (response.url().includes('/api/ds/query')) {
      answers.push(response.json() as Promise<{ results: Record<string, { error?: string }> }>);
    }
  });
  // All panels at once: Grafana asks only for those that are on the screen.
  await page.setViewportSize({ width: 1600, height: 2600 });
  // A week, because some things do not happen on a weekend.
  await page.goto(`/d/${uid}?from=now-7d&to=now`);
  for (const { title } of shown) {
    const panel = host.panel(page, title);
    await expect(panel).toBeVisible();
    await expect(panel.getByText('No data', { exact: true })).toBeHidden();
  }
  await page.waitForLoadState('networkidle');
  const errors = (await Promise.all(answers))
    .flatMap(({ results }) => Object.values(results))
    .map(({ error }) => error);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.filter(Boolean)).toEqual([]);
  await picture('dashboard');
});
