/** Why a login was blocked: from an empty page in Explore, from a Ray ID that is not in the range, and in the dashboard. */
import type { Page } from '@playwright/test';
import { EDITOR, Explore } from './explore';
import { hasTruth, simulatorUrl } from './host/environment';
import { settingsFor } from './host/host';
import { expect, test } from './test';

const HOUR = 3_600_000;
const EXPLAINED = 'why-blocked.json';
const BOX = 'Ray ID from a block page';

interface Reason {
  ray_id: string;
  app_name: string;
  user_email: string;
  verdict: string;
}

/** Somebody's login of some hours ago that no policy let in. */
async function blockedLogin(page: Page): Promise<Reason> {
  const query = new URLSearchParams({
    surface: 'explain',
    from: String(Date.now() - 20 * HOUR),
    to: String(Date.now() - 3 * HOUR),
  });
  const answer = await page.request.get(`${simulatorUrl()}/__simulator/truth?${query}`);
  const { rows } = (await answer.json()) as { rows: Reason[] };
  const found = rows.find(({ verdict, user_email }) => verdict === 'no_policy_matched' && user_email !== '');
  expect(found).toBeDefined();
  return found!;
}

/** Pictures of a page on a wide and on a narrow screen. */
async function pictures(page: Page, picture: (name: string) => Promise<void>, name: string): Promise<void> {
  for (const [width, height] of [
    [1600, 1700],
    [400, 2600],
  ]) {
    await page.setViewportSize({ width, height });
    await picture(`${name}-${width}`);
  }
}

test.beforeEach(() => {
  test.skip(!hasTruth(), 'The simulated account is not to be reached from here.');
});

test('three actions lead from an empty page to the reason', async ({ page, host, picture }) => {
  await page.setViewportSize({ width: 1600, height: 1700 });
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  const { ray_id } = await blockedLogin(page);
  await explore.open({ queryType: 'access_requests', format: 'table' });

  const picker = explore.editor.getByRole('combobox', { name: 'Query type' });
  await picker.click();
  await page.getByRole('option', { name: /^Why was this login blocked/ }).click();
  const box = explore.editor.getByRole('textbox', { name: BOX });
  await box.fill(`${ray_id}-LHR`);
  const explained = await explore.answerTo(() => box.press('Enter'));

  expect(explained.error).toBeUndefined();
  expect(explained.frames.map(({ schema }) => schema.name)).toEqual(['verdict', 'checks', 'timeline']);
  await expect(page.locator(EDITOR).getByRole('status', { name: 'Verdict' })).toContainText(
    String(explained.column('reason')[0])
  );
  await expect(page.getByRole('grid').or(page.getByRole('table'))).toHaveCount(3);
  const checks = explained.frames[1];
  const decisive = checks.data.values[checks.schema.fields.findIndex(({ name }) => name === 'decisive')];
  expect(decisive).toContain(true);
  await pictures(page, picture, 'explain-dark');
});

test('a whole block page is taken, and looks right in the light theme', async ({ page, host, picture }) => {
  await page.setViewportSize({ width: 1600, height: 1700 });
  const uid = await host.dataSource(settingsFor('full-access'));
  const explore = new Explore(page, uid, undefined, 'light');
  const { ray_id } = await blockedLogin(page);
  await explore.open({ queryType: 'access_requests', format: 'table' });
  await explore.editor.getByRole('combobox', { name: 'Query type' }).click();
  await page.getByRole('option', { name: /^Why was this login blocked/ }).click();
  const box = explore.editor.getByRole('textbox', { name: BOX });
  await box.fill(
    `That account does not have access.\nYour IP: 203.0.113.9\nRay ID: ${ray_id} · Performance by Cloudflare`
  );
  const explained = await explore.answerTo(() => box.press('Enter'));

  expect(explained.column('ray_id')).toEqual([ray_id]);
  await pictures(page, picture, 'explain-light');
});

test('a Ray ID that is not in the range is found in a wider one', async ({ page, host, picture }) => {
  const now = Date.now();
  const lastHour = { from: now - HOUR, to: now };
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')), lastHour);
  const { ray_id } = await blockedLogin(page);
  const missed = await explore.open({
    queryType: 'access_requests',
    format: 'table',
    filters: [{ field: 'ray_id', operator: '=', values: [ray_id] }],
  });
  expect(missed.rows).toBe(0);
  const offer = explore.editor.getByRole('group', { name: 'Ray ID not found' });
  await expect(offer.getByRole('button')).toHaveText([/24 hours/, /7 days/, /30 days/, /retention/]);
  await picture('explain-miss');

  const found = await explore.answerTo(() => offer.getByRole('button', { name: 'last 24 hours' }).click());
  expect(found.column('ray_id')).toEqual([ray_id]);
  await expect(offer).toBeHidden();
});

test('a Ray ID that is not in the range is explained all the same', async ({ page, host }) => {
  const now = Date.now();
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')), { from: now - HOUR, to: now });
  const { ray_id } = await blockedLogin(page);
  await explore.open({
    queryType: 'access_requests',
    format: 'table',
    filters: [{ field: 'ray_id', operator: '=', values: [ray_id] }],
  });
  const offer = explore.editor.getByRole('group', { name: 'Ray ID not found' });
  const explained = await explore.answerTo(() => offer.getByRole('button', { name: 'whole retention period' }).click());
  expect(explained.column('ray_id')).toEqual([ray_id]);
  await expect(explore.editor.getByRole('status', { name: 'Verdict' })).toBeVisible();
});

for (const theme of ['dark', 'light']) {
  test(`the dashboard explains the login that its address names, ${theme}`, async ({ page, host, picture }) => {
    await page.setViewportSize({ width: 1600, height: 1700 });
    const uid = await host.dashboard(await host.dataSource(settingsFor('full-access')), EXPLAINED);
    const { ray_id, app_name } = await blockedLogin(page);
    await page.goto(`/d/${uid}?theme=${theme}&var-ray_id=${ray_id}`);

    await expect(
      host
        .panel(page, 'Verdict')
        .getByText(/^Blocked because/)
        .first()
    ).toContainText(app_name);
    await expect(host.panel(page, 'Login').getByText(app_name).first()).toBeVisible();
    await expect(host.panel(page, 'Checks').getByText('Decisive').nth(1)).toBeVisible();
    await expect(
      host
        .panel(page, 'Timeline')
        .getByText('Configuration change')
        .or(host.panel(page, 'Timeline').getByText('Login'))
        .first()
    ).toBeVisible();
    await pictures(page, picture, `why-${theme}`);
  });
}

test('the dashboard without a Ray ID says what to do', async ({ page, host, picture }) => {
  await page.setViewportSize({ width: 1600, height: 1700 });
  const uid = await host.dashboard(await host.dataSource(settingsFor('full-access')), EXPLAINED);
  await page.goto(`/d/${uid}`);
  await expect(page.getByText(/Paste the Ray ID/).first()).toBeVisible();
  await picture('why-empty');
});
