import { dateTime } from '@grafana/data';
import { locationService } from '@grafana/runtime';

import { type AccessQuery, type Filter } from '../types';
import { showRange, widerSearches } from './searchRange';

const ago = (hours: number) => {
  const [from, to] = [dateTime().subtract(hours, 'hours'), dateTime()];
  return { from, to, raw: { from, to } };
};

it.each([
  [1, ['now-24h', 'now-7d', 'now-30d']],
  [25, ['now-7d', 'now-30d']],
  [24 * 31, []],
])('after %s hours, what is wider is offered', (hours, expected) => {
  expect(widerSearches(ago(hours)).map(({ from }) => from)).toEqual(expected);
});

describe('a search', () => {
  const filters: Filter[] = [{ field: 'ray_id', operator: '=', values: ['8d3f0a1b2c3d4e5f'] }];
  const query: AccessQuery = { refId: 'A', datasource: { uid: 'access' }, filters };
  const [day] = widerSearches(ago(1));
  const range = { from: 'now-1h', to: 'now' };
  const pane = (uid: string, asked = filters) => ({
    datasource: uid,
    queries: [{ refId: 'A', datasource: { uid }, filters: asked }],
    range,
  });
  const address = () => locationService.getSearchObject();

  it('moves the pane of Explore that asks, and no other', () => {
    const panes = { one: pane('access'), two: pane('prometheus'), three: pane('access', []) };
    locationService.push(`/explore?${new URLSearchParams({ panes: JSON.stringify(panes), schemaVersion: '1' })}`);
    showRange(query, day);
    expect(JSON.parse(String(address().panes))).toEqual({
      ...panes,
      one: { ...panes.one, range: { from: 'now-24h', to: 'now' } },
    });
  });

  it('moves an older address of Explore', () => {
    locationService.push(`/explore?${new URLSearchParams({ left: JSON.stringify(pane('access')) })}`);
    showRange(query, day);
    expect(JSON.parse(String(address().left)).range).toEqual({ from: 'now-24h', to: 'now' });
  });

  it('moves a dashboard', () => {
    locationService.push('/d/one?from=now-1h&to=now&var-app=Wiki');
    showRange(query, day);
    expect(address()).toEqual({ from: 'now-24h', to: 'now', 'var-app': 'Wiki' });
  });
});
