/** The provisioned dashboards show their panels. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROVISIONING } from '../../scripts/lib/paths';
import { settingsFor } from './host/host';
import { expect, test } from './test';

interface Panel {
  type: string;
  title: string;
}

/** Titles of the panels of a provisioned dashboard. */
function titles(file: string): string[] {
  const text = readFileSync(path.join(PROVISIONING, 'dashboards', file), 'utf8');
  const { panels } = JSON.parse(text) as { panels: Panel[] };
  return panels.filter(({ type, title }) => type !== 'row' && title).map(({ title }) => title);
}

const DASHBOARDS = [
  // A week, because some things do not happen on a weekend.
  { name: 'overview', file: 'cloudflare-access.json', from: 'now-7d', height: 2600, shot: 'dashboard' },
  { name: 'threats', file: 'threats.json', from: 'now-24h', height: 3000, shot: 'threats' },
];

for (const { name, file, from, height, shot } of DASHBOARDS) {
  test(`every panel of the ${name} shows data`, async ({ page, host, picture }) => {
    const uid = await host.dashboard(await host.dataSource(settingsFor('full-access')), file);
    const answers: Array<Promise<{ results: Record<string, { error?: string }> }>> = [];
    page.on('response', (response) => {
      if (response.url().includes('/api/ds/query')) {
        answers.push(response.json() as Promise<{ results: Record<string, { error?: string }> }>);
      }
    });
    // All panels at once: Grafana asks only for those that are on the screen.
    await page.setViewportSize({ width: 1600, height });
    await page.goto(`/d/${uid}?from=${from}&to=now`);
    for (const title of titles(file)) {
      const panel = host.panel(page, title);
      await expect(panel).toBeVisible();
      await expect(panel.getByText('No data', { exact: true })).toBeHidden();
    }
    // A panel that still waits has no "No data" either.
    await expect.poll(() => answers.length).toBeGreaterThanOrEqual(titles(file).length);
    await page.waitForLoadState('networkidle');
    const errors = (await Promise.all(answers))
      .flatMap(({ results }) => Object.values(results))
      .map(({ error }) => error);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter(Boolean)).toEqual([]);
    await picture(shot);
  });
}
