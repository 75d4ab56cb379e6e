import { uniq } from 'lodash';

import { findField, isQueryType } from '../../catalogue';
import { startWith, withDefaults } from './model';
import { PRESETS } from './presets';
import { queryProblems } from './problems';
import { sentence } from './sentence';

const options = { maxRows: 100_000, masked: false };

it.each(PRESETS)('$name can be asked as it stands', ({ query }) => {
  const asked = { refId: 'A', ...query };
  expect(isQueryType(query.queryType)).toBe(true);
  expect(queryProblems(asked, options)).toEqual([]);
  const names = [...withDefaults(asked).filters.map(({ field }) => field), ...(query.fields ?? [])];
  expect(names.filter((name) => !findField(withDefaults(asked).queryType, name))).toEqual([]);
  expect(sentence(withDefaults(asked))).toMatch(/^[A-Z][^_]+\.$/);
});

it('each has its own name', () => {
  const names = PRESETS.map(({ name }) => name);
  expect(uniq(names)).toEqual(names);
});

it('one takes the place of what a query asks, not of where it goes, and is a copy', () => {
  const [, { query }] = PRESETS;
  const saved = { refId: 'B', datasource: { uid: 'cfaccess' }, hide: true, fields: ['country'], limit: 5 };
  const filled = startWith(saved, query);
  expect(filled).toEqual({ refId: 'B', datasource: { uid: 'cfaccess' }, hide: true, ...query });
  expect(filled.filters).not.toBe(query.filters);
});
