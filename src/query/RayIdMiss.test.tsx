import { locationService } from '@grafana/runtime';
import { screen, within } from '@testing-library/react';

import { answer, layOut, renderEditor } from '../testing/editor';
import { type Filter } from '../types';

beforeEach(layOut);
afterEach(() => jest.restoreAllMocks());

const filters: Filter[] = [{ field: 'ray_id', operator: '=', values: ['8d3f0a1b2c3d4e5f'] }];
const offer = () => screen.queryByRole('group', { name: 'Ray ID not found' });

it('offers longer ranges up to now, and shows the one that is chosen', async () => {
  jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2026, 0, 31, 8));
  const partial = jest.spyOn(locationService, 'partial').mockImplementation(() => {});
  const { user } = renderEditor(
    { queryType: 'access_requests', format: 'table', filters },
    { data: answer({ rows: 0 }) }
  );
  const names = within(offer()!)
    .getAllByRole('button')
    .map((button) => button.textContent);
  expect(names).toEqual(['last 24 hours', 'last 7 days', 'last 30 days', 'whole retention period']);
  await user.click(screen.getByRole('button', { name: 'last 7 days' }));
  expect(partial).toHaveBeenCalledWith({ from: 'now-7d', to: 'now' });
});

it('asks for the explanation, which looks everywhere', async () => {
  const { user, query, onRunQuery } = renderEditor(
    { queryType: 'access_requests', format: 'table', filters },
    { data: answer({ rows: 0 }) }
  );
  await user.click(screen.getByRole('button', { name: 'whole retention period' }));
  expect(query()).toMatchObject({ queryType: 'explain', filters });
  expect(onRunQuery).toHaveBeenCalledTimes(1);
});

it.each([
  ['something was found', { filters }, 1],
  ['no Ray ID was asked for', { filters: [] }, 0],
  ['a Ray ID was excluded', { filters: [{ ...filters[0], operator: '!=' as const }] }, 0],
  ['the explanation has looked everywhere', { queryType: 'explain' as const, filters }, 0],
])('is not there where %s', (_, query, rows) => {
  renderEditor({ queryType: 'access_requests', format: 'table', ...query }, { data: answer({ rows }) });
  expect(offer()).not.toBeInTheDocument();
});
