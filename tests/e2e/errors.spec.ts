/** What cannot be asked or answered is said, where people look. */
import { Explore } from './explore';
import { settingsFor } from './host/host';
import { expect, test } from './test';

test('a broken regular expression is an error that says so', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  const filters = [{ field: 'app_name', operator: '=~', values: ['wiki('] }];
  const answer = await explore.open({ queryType: 'access_requests', format: 'table', filters });

  expect(answer.error).toMatch(/regular expression/i);
  await expect(page.getByText(answer.error ?? '').first()).toBeVisible();
  await picture('error-regular-expression');
});

test('a Cloudflare that cannot be reached is an error, not an empty table', async ({ page, host, picture }) => {
  const settings = settingsFor('full-access');
  // Nobody listens on the discard port.
  const jsonData = { ...settings.jsonData, apiUrl: 'http://127.0.0.1:9/client/v4' };
  const explore = new Explore(page, await host.dataSource({ ...settings, jsonData }));
  const answer = await explore.open({ queryType: 'access_requests', format: 'table' });

  expect(answer.error).toBeTruthy();
  expect(answer.error).not.toContain(settings.secureJsonData.apiToken);
  await expect(page.getByText(answer.error ?? '').first()).toBeVisible();
  await expect(page.getByText('No data', { exact: true })).toBeHidden();
  await picture('error-unreachable');
});

test('a missing permission is named', async ({ page, host }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('graphql-only')));
  const answer = await explore.open({ queryType: 'access_requests', format: 'table' });

  expect(answer.error).toContain('Access: Audit Logs Read');
  await expect(page.getByText(answer.error ?? '').first()).toBeVisible();
});
