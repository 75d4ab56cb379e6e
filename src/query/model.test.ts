import { CoreApp } from '@grafana/data';

import { catalogue, EVENT_TYPES } from '../../catalogue';
import { type AccessQuery } from '../types';
import { applies, defaultQuery, filterByRayId, isComplete, sentQuery, withDefaults } from './model';
import { changeQueryType } from './change';
import { normalizeRayId } from './rayId';

const query = (change: Partial<AccessQuery> = {}): AccessQuery => ({ refId: 'A', ...change });

describe('a new query', () => {
  it('lists events in Explore', () => {
    expect(defaultQuery(CoreApp.Explore)).toMatchObject({ queryType: 'access_requests', format: 'table' });
  });

  it.each([CoreApp.PanelEditor, CoreApp.UnifiedAlerting, undefined])('counts by outcome over time in %s', (app) => {
    expect(defaultQuery(app)).toMatchObject({
      queryType: 'access_requests',
      format: 'time_series',
      groupBy: ['outcome'],
    });
  });
});

describe('withDefaults', () => {
  it('reads a query without a format as a table, as the executable does', () => {
    expect(withDefaults(query())).toMatchObject({ queryType: 'access_requests', format: 'table', groupBy: [] });
  });

  it('counts a time series by outcome unless it says by nothing', () => {
    expect(withDefaults(query({ format: 'time_series' })).groupBy).toEqual(['outcome']);
    expect(withDefaults(query({ format: 'time_series', groupBy: [] })).groupBy).toEqual([]);
  });
});

describe('what applies', () => {
  const parts = (change: Partial<AccessQuery>) => applies(withDefaults(query(change)));

  it.each([
    [{ format: 'time_series' }, { groupBy: true, fields: false, direction: false, limit: false, options: true }],
    [{ format: 'table' }, { groupBy: true, fields: true, direction: true, limit: true, options: true }],
    [
      { format: 'table', groupBy: ['outcome'] },
      { groupBy: true, fields: false, direction: false, limit: true, options: true },
    ],
    [
      { format: 'table', measure: { type: 'distinct', field: 'country' } },
      { groupBy: true, fields: false, direction: false, limit: false, options: true },
    ],
    [{ format: 'logs' }, { groupBy: false, fields: true, direction: true, limit: true, options: true }],
  ] as const)('to %j', (change, expected) => {
    expect(parts(change as Partial<AccessQuery>)).toEqual(expected);
  });

  it('is all that is sent', () => {
    const full = query({ groupBy: ['country'], fields: ['country'], direction: 'asc', limit: 5 });
    expect(Object.keys(sentQuery({ ...full, format: 'logs' })).sort()).toEqual(
      ['direction', 'fields', 'filters', 'format', 'limit', 'queryType', 'refId'].sort()
    );
    expect(sentQuery({ ...full, format: 'time_series' })).not.toHaveProperty('limit');
  });
});

describe('a required filter', () => {
  it('makes a query incomplete until it has a value', () => {
    expect(isComplete(query({ queryType: 'failed_logins' }))).toBe(false);
    expect(
      isComplete(query({ queryType: 'failed_logins', filters: [{ field: 'user_id', operator: '=', values: [] }] }))
    ).toBe(false);
    expect(
      isComplete(
        query({
          queryType: 'failed_logins',
          filters: [{ field: 'user_id', operator: '=', values: ['alex@example.com'] }],
        })
      )
    ).toBe(true);
  });

  it('is missing only from the surfaces that require one', () => {
    const incomplete = EVENT_TYPES.filter((queryType) => !isComplete(query({ queryType })));
    expect(incomplete).toContain('failed_logins');
    expect(incomplete).toEqual(EVENT_TYPES.filter((queryType) => catalogue[queryType].requiredFilters.length > 0));
  });
});

describe('an explanation', () => {
  const of = (...names: string[]) =>
    query({
      queryType: 'explain',
      filters: names.map((field) => ({ field, operator: '=', values: ['one', 'two'] })),
    });

  it.each([
    [['ray_id'], true],
    [['user_email', 'app_uid'], true],
    [['user_email', 'app_name'], true],
    [['user_email'], false],
    [['app_uid', 'app_name'], false],
    [[], false],
  ])('of %s names a login: %s', (names, complete) => {
    expect(isComplete(of(...names))).toBe(complete);
  });

  it('is asked of the login that a query names, and of nothing else', () => {
    const login = { ...of('outcome', 'ray_id', 'user_email', 'app_name'), queryType: 'access_requests' as const };
    expect(changeQueryType({ ...login, format: 'logs' }, 'explain')).toMatchObject({
      format: 'table',
      filters: [{ field: 'ray_id', operator: '=', values: ['one'] }],
    });
    const user = { ...login, filters: login.filters?.filter(({ field }) => field !== 'ray_id') };
    expect(changeQueryType(user, 'explain').filters).toEqual([
      { field: 'user_email', operator: '=', values: ['one'] },
      { field: 'app_name', operator: '=', values: ['one'] },
    ]);
  });

  it('is asked without what only events have', () => {
    const sent = sentQuery({
      ...of('ray_id'),
      format: 'table',
      groupBy: ['a'],
      fields: ['b'],
      limit: 5,
      direction: 'asc',
      part: 'checks',
    });
    expect(sent).toEqual({ ...of('ray_id'), format: 'table', part: 'checks' });
  });

  it('takes a pasted Ray ID in place of a user', () => {
    expect(filterByRayId(of('user_email', 'app_name'), '8d3f').filters).toEqual([
      { field: 'ray_id', operator: '=', values: ['8d3f'] },
    ]);
  });
});

describe('Ray IDs', () => {
  it.each([
    '8d3f0a1b2c3d4e5f',
    ' 8D3F0A1B2C3D4E5F ',
    '8d3f0a1b2c3d4e5f-LHR',
    '8d3f 0a1b 2c3d 4e5f',
    'Ray ID: 8d3f0a1b2c3d4e5f',
  ])('are read from %j', (text) => expect(normalizeRayId(text)).toBe('8d3f0a1b2c3d4e5f'));

  it.each(['', '-LHR', 'hello', '8d3f/../x'])('are not read from %j', (text) =>
    expect(normalizeRayId(text)).toBeUndefined()
  );

  it('take the place of an earlier one', () => {
    const once = filterByRayId(query({ filters: [{ field: 'outcome', operator: '=', values: ['blocked'] }] }), 'aa');
    expect(filterByRayId(once, 'bb').filters).toEqual([
      { field: 'outcome', operator: '=', values: ['blocked'] },
      { field: 'ray_id', operator: '=', values: ['bb'] },
    ]);
  });

  it('are not filtered by where a surface has none', () => {
    expect(filterByRayId(query({ queryType: 'scim_updates' }), 'aa')).toEqual(query({ queryType: 'scim_updates' }));
  });
});

it('shows what there is now without formats, an order, or what goes by time', () => {
  const tokens = query({ queryType: 'service_tokens', format: 'table', direction: 'asc' });
  expect(applies(withDefaults(tokens))).toEqual({
    groupBy: true,
    fields: true,
    direction: false,
    limit: true,
    options: false,
  });
  expect(sentQuery(tokens)).not.toHaveProperty('direction');
  expect(changeQueryType(query({ format: 'time_series' }), 'service_tokens').format).toBe('table');
});
