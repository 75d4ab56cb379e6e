/** Save & test tells what the token reaches. */
import type { Page } from '@playwright/test';
import { catalogue, EVENT_TYPES } from '../../catalogue';
import { credentialNamed } from '../../simulator';
import { settingsFor, type Host } from './host/host';
import { expect, test } from './test';

/** Opens the page of a data source that lacks a token, enters this one and tests it. */
async function enterToken(page: Page, host: Host, token: string): Promise<void> {
  const settings = settingsFor('full-access');
  const uid = await host.dataSource({ ...settings, secureJsonData: { apiToken: '' } });
  await page.goto(`/connections/datasources/edit/${uid}`);
  await page.getByPlaceholder('Paste the token').fill(token);
  await page.getByRole('button', { name: 'Save & test' }).click();
}

const canBeUsed = (number: number) => `${number} of ${EVENT_TYPES.length} query types can be used`;

test('a token with every permission passes', async ({ page, host, picture }) => {
  await enterToken(page, host, credentialNamed('full-access').token ?? '');
  await expect(page.getByRole('status').filter({ hasText: canBeUsed(EVENT_TYPES.length) })).toBeVisible();
  // The secret is kept and does not come back.
  await expect(page.getByRole('button', { name: 'Reset' })).toBeVisible();
  await picture('config-ok');
});

test('a wrong token is refused without being repeated', async ({ page, host, picture }) => {
  const wrong = 'not-a-token-that-anybody-has-'.padEnd(44, 'x');
  await enterToken(page, host, wrong);
  const refusal = page.getByRole('alert').filter({ hasText: /token/i });
  await expect(refusal).toBeVisible();
  await expect(refusal).not.toContainText(wrong);
  await picture('config-wrong-token');
});

test('a token that reaches a part passes and names what is missing', async ({ page, host, picture }) => {
  await enterToken(page, host, credentialNamed('audit-logs-only').token ?? '');
  const reached = EVENT_TYPES.filter((name) => catalogue[name].permission === 'Access: Audit Logs Read');
  const result = page.getByRole('status').filter({ hasText: canBeUsed(reached.length) });
  await expect(result).toContainText('Account Analytics Read');
  await expect(result).toContainText('Access: SCIM Logs Read');
  await picture('config-partial-token');
});
