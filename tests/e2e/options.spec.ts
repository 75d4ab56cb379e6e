/** What is asked for beyond counting: ready-made questions, and options that are added by hand. */
import { PRESETS } from '../../src/query/presets';
import { Explore } from './explore';
import { settingsFor } from './host/host';
import { expect, test } from './test';

test('a new query becomes a question by a click', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  await explore.open({ queryType: 'access_requests', format: 'table' });
  const { editor } = explore;
  const start = editor.getByRole('group', { name: 'Start with' });
  await expect(start.getByRole('button')).toHaveText(PRESETS.map(({ name }) => name));

  const answer = await explore.answerTo(() => start.getByRole('button', { name: 'Success after a burst' }).click());
  expect(answer.error).toBeUndefined();
  await expect(start).toBeHidden();
  const sequence = editor.getByRole('group', { name: 'Sequence', exact: true });
  await expect(sequence.getByLabel('Step 1 at least')).toHaveValue('10');
  await expect(sequence.getByRole('group', { name: 'Step 2', exact: true })).toContainText('allowed');
  await expect(sequence.getByLabel('Within', { exact: true })).toHaveValue('20m');
  await expect(editor.getByRole('note', { name: 'What the query finds' })).toHaveText(
    'Lists allowed logins that follow at least 10 blocked logins of the same user email within 20 minutes.'
  );
  await picture('options-preset');
});

test('an option is added, changed, and removed with the keyboard alone', async ({ page, host }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  await explore.open({ queryType: 'access_requests', format: 'table', groupBy: ['ip_address'] });
  const { editor } = explore;
  await editor.getByRole('button', { name: 'Option' }).focus();
  await page.keyboard.press('Enter');
  const entry = page.getByRole('menuitem', { name: /^Measure/ });
  await expect(entry).toBeVisible();
  await expect(async () => {
    if (!(await entry.evaluate((element) => element === document.activeElement))) {
      await page.keyboard.press('ArrowDown');
    }
    await expect(entry).toBeFocused({ timeout: 500 });
  }).toPass();
  const measured = await explore.answerTo(() => page.keyboard.press('Enter'));
  expect(measured.error).toBeUndefined();
  await expect(editor.getByRole('combobox', { name: 'Measured field' })).toBeFocused();

  const removed = await explore.answerTo(async () => {
    await editor.getByRole('button', { name: 'Remove measure' }).focus();
    await page.keyboard.press('Enter');
  });
  expect(removed.error).toBeUndefined();
  await expect(editor.getByRole('group', { name: 'Measure' })).toBeHidden();
});

test('what can’t stand together is explained before it is asked', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  await explore.open({
    queryType: 'access_requests',
    format: 'table',
    groupBy: ['ip_address'],
    having: { operator: '>=', value: 2 },
  });
  const { editor } = explore;
  await editor.getByRole('button', { name: 'Remove IP address' }).click();
  await expect(editor.getByText(/Only the groups of a table can be chosen by their count/)).toBeVisible();
  await picture('options-conflict');
  const listed = await explore.answerTo(() =>
    editor.getByRole('button', { name: 'Remove the condition on groups' }).click()
  );
  expect(listed.error).toBeUndefined();
});
