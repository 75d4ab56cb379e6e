/** What people do in Explore: filter, switch the format, paste a Ray ID, follow one. */
import { Explore } from './explore';
import { settingsFor } from './host/host';
import { expect, test } from './test';

test('a filter changes the answer', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  const all = await explore.open({ queryType: 'access_requests', format: 'table', limit: 100_000 });
  const blocked = await explore.addFilter('Outcome', 'blocked');

  expect(blocked.error).toBeUndefined();
  expect(new Set(blocked.column('outcome'))).toEqual(new Set(['blocked']));
  expect(blocked.rows).toBe(all.column('outcome').filter((outcome) => outcome === 'blocked').length);
  expect(blocked.rows).toBeLessThan(all.rows);
  await picture('explore-filter');
});

test('a time series counts every login', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  const table = await explore.open({ queryType: 'access_requests', format: 'table', limit: 100_000 });
  const series = await explore.show('Time series');

  expect(series.error).toBeUndefined();
  const [frame] = series.frames;
  const [times] = frame.data.values as number[][];
  const counts = frame.data.values.slice(1) as number[][];
  // Buckets are whole: the first and the last may reach beyond the window.
  const step = times[1] - times[0];
  const inside = (time: number) => time >= explore.window.from && time + step <= explore.window.to + 1;
  const counted = counts.flatMap((values) => values.filter((_, row) => inside(times[row])));
  const start = (time: number) => Math.floor(time / step) * step;
  const happened = table.column('created_at').filter((time) => inside(start(Number(time)))).length;
  expect(counted.reduce((total, count) => total + count, 0)).toBe(happened);
  expect(happened).toBeGreaterThan(0);
  expect(frame.schema.fields.slice(1).map(({ labels }) => labels?.outcome)).toEqual(
    expect.arrayContaining(['allowed', 'blocked'])
  );
  await expect(page.locator('.uplot').first()).toBeVisible();
  await picture('explore-time-series');
});

test('logs are lines with a level', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  await explore.open({ queryType: 'access_requests', format: 'table' });
  const logs = await explore.show('Logs');

  expect(logs.error).toBeUndefined();
  expect(logs.column('severity')).toEqual(expect.arrayContaining(['info', 'error']));
  await expect(page.getByText(String(logs.column('body')[0]).slice(0, 20)).first()).toBeVisible();
  await picture('explore-logs');
});

test('a Ray ID from a block page finds its login', async ({ page, host, picture }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  const all = await explore.open({ queryType: 'access_requests', format: 'table' });
  const rayId = String(all.column('ray_id')[0]);
  const box = explore.editor.getByRole('textbox', { name: 'Ray ID from a block page' });
  const found = await explore.answerTo(async () => {
    await box.fill(` ${rayId.toUpperCase()}-LHR `);
    await box.press('Enter');
  });

  expect(found.error).toBeUndefined();
  expect(new Set(found.column('ray_id'))).toEqual(new Set([rayId]));
  await picture('explore-ray-id');
});

test('a Ray ID in a table opens its query', async ({ page, host }) => {
  const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
  const all = await explore.open({
    queryType: 'access_requests',
    format: 'table',
    fields: ['ray_id', 'created_at', 'outcome'],
  });
  const rayId = String(all.column('ray_id')[0]);
  const cell = page
    .getByRole('gridcell', { name: rayId })
    .or(page.getByRole('cell', { name: rayId }))
    .first();
  const found = await explore.answerTo(async () => {
    await cell.getByText(rayId).click();
    // A cell with several links offers them in a menu.
    const choice = page.getByRole('menuitem', { name: 'Show all events of this Ray ID' });
    const link = page.getByRole('link', { name: 'Show all events of this Ray ID' });
    const either = choice.or(link).first();
    if (await either.isVisible()) {
      await either.click();
    }
  });

  expect(found.error).toBeUndefined();
  expect(new Set(found.column('ray_id'))).toEqual(new Set([rayId]));
});
