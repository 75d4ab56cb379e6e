/** Save & test tells what the token reaches. */
import type { Page } from '@playwright/test';
import { credentialNamed } from '../../simulator';
import { settingsFor, type Host } from './host/host';
import { expect, test } from './test';

/** Opens the page of a data source that lacks a token, and enters this one. */
async function enterToken(page: Page, host: Host, token: string): Promise<void> {
  const settings = settingsFor('full-access');
  const uid = await host.dataSource({ ...settings, secureJsonData: { apiToken: '' } });
  await page.goto(`/connections/datasources/edit/${uid}`);
  await page.getByPlaceholder('Paste the token').fill(token);
  await host.saveAndTest(page);
}

test('a token with every permission passes', async ({ page, host, picture }) => {
  await enterToken(page, host, credentialNamed('full-access').token ?? '');
  await expect(host.testResult(page)).toBeVisible();
  await expect(host.testResult(page)).not.toContainText(/error|wrong|invalid/i);
  // The secret is kept and does not come back.
  await expect(page.getByPlaceholder('Paste the token')).toHaveValue(/^(configured)?$/);
  await picture('config-ok');
});

test('a wrong token is refused without being repeated', async ({ page, host, picture }) => {
  const wrong = 'not-a-token-that-anybody-has-'.padEnd(44, 'x');
  await enterToken(page, host, wrong);
  await expect(host.testResult(page)).toContainText(/token/i);
  await expect(host.testResult(page)).not.toContainText(wrong);
  await expect(host.testResult(page).and(page.getByRole('alert'))).toBeVisible();
  await picture('config-wrong-token');
});

test('a token that reaches a part passes and names what is missing', async ({ page, host, picture }) => {
  await enterToken(page, host, credentialNamed('audit-logs-only').token ?? '');
  await expect(host.testResult(page)).toContainText('Account Analytics Read');
  await expect(host.testResult(page)).toContainText('Access: SCIM Logs Read');
  await picture('config-partial-token');
});
