/** The editors can be used by everybody: no violation that axe knows, nothing cut off, in both themes. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page } from '@playwright/test';
import { PRESETS } from '../../src/query/presets';
import { EDITOR, Explore, type Query } from './explore';
import { settingsFor } from './host/host';
import { test } from './test';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe finds inside the elements, in a form that reads well in a failed test. */
async function violations(page: Page, inside: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).include(inside).withTags(WCAG).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

async function overflow(element: Locator): Promise<number> {
  return element.evaluate((node) => node.scrollWidth - node.clientWidth);
}

/** Between them, they show every row that the editor has. */
const QUERIES: Record<string, Query> = {
  new: { queryType: 'access_requests', format: 'table' },
  counts: {
    queryType: 'access_requests',
    format: 'table',
    filters: [{ field: 'outcome', operator: '=', values: ['blocked'] }],
    groupBy: ['app_name'],
  },
  ...Object.fromEntries(
    ['Password spray', 'Success after a burst', 'New country for a user', 'Blocked logins against last weeks'].map(
      (name) => [name, PRESETS.find((preset) => preset.name === name)?.query as Query]
    )
  ),
};

for (const theme of ['dark', 'light']) {
  for (const [name, query] of Object.entries(QUERIES)) {
    test(`query editor, ${name}, ${theme}`, async ({ page, host, picture }) => {
      const explore = new Explore(page, await host.dataSource(settingsFor('full-access')), undefined, theme);
      await explore.open(query);
      await expect(explore.editor).toBeVisible();
      expect(await violations(page, EDITOR)).toEqual([]);
      for (const width of [1600, 400]) {
        await page.setViewportSize({ width, height: 1000 });
        await expect(explore.editor).toBeVisible();
        expect(await overflow(explore.editor)).toBeLessThanOrEqual(0);
        await picture(`editor-${name.replaceAll(' ', '-')}-${theme}-${width}`);
      }
    });
  }

  test(`config page, ${theme}`, async ({ page, host, picture }) => {
    const uid = await host.dataSource({ ...settingsFor('full-access') });
    await page.goto(`/connections/datasources/edit/${uid}?theme=${theme}`);
    await expect(page.getByRole('heading', { name: 'Authentication' })).toBeVisible();
    expect(await violations(page, host.configEditor)).toEqual([]);
    await picture(`config-${theme}`);
  });
}

test('a query can be changed with the keyboard alone', async ({ page, host }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  await explore.open({ queryType: 'access_requests', format: 'table' });
  await explore.editor.getByRole('radio', { name: 'Table' }).focus();
  const logs = await explore.answerTo(() => page.keyboard.press('ArrowRight'));
  expect(logs.error).toBeUndefined();
  expect(logs.column('severity').length).toBeGreaterThan(0);
});
