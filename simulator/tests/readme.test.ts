import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { README, withTables } from '../readme';

test('the tables of the README are those of the code', async () => {
  const text = readFileSync(README, 'utf8');
  assert.equal(text, await withTables(text), 'Run `npx tsx simulator/readme.ts`.');
});

test('a table that nobody makes is an error', async () => {
  await assert.rejects(withTables('<!-- table: nothing --><!-- end -->'), /that nothing generates/);
  await assert.rejects(withTables(''), /lacks the tables/);
});
