import { catalogue, filterableFields, QUERY_TYPES } from '../../catalogue';
import { type AccessQuery } from '../types';
import { changeFormat, changeQueryType } from './change';
import { withDefaults } from './model';

const query = (change: Partial<AccessQuery> = {}): AccessQuery => ({ refId: 'A', ...change });

describe('another surface', () => {
  const saved = query({
    queryType: 'access_requests',
    format: 'table',
    limit: 5,
    fields: ['user_email'],
    groupBy: ['country', 'app_name'],
    filters: [
      { field: 'outcome', operator: '=', values: ['blocked'] },
      { field: 'ray_id', operator: '=', values: ['8d3f0a1b2c3d4e5f'] },
      { field: 'app_name', operator: '=', values: ['Wiki'] },
    ],
  });

  it('keeps what means the same there', () => {
    expect(changeQueryType(saved, 'login_groups')).toEqual({
      refId: 'A',
      queryType: 'login_groups',
      format: 'table',
      limit: 5,
      fields: undefined,
      groupBy: ['country', 'app_name'],
      filters: [
        { field: 'outcome', operator: '=', values: ['blocked'] },
        { field: 'cfRayId', operator: '=', values: ['8d3f0a1b2c3d4e5f'] },
        { field: 'app_name', operator: '=', values: ['Wiki'] },
      ],
    });
  });

  it('drops a value that an enumeration does not have there', () => {
    expect(changeQueryType(saved, 'scim_updates').filters).toEqual([]);
  });

  it('asks failed logins for the users that the query names', () => {
    const users = {
      ...saved,
      filters: [{ field: 'user_email', operator: '=' as const, values: ['alex@example.com'] }],
    };
    expect(changeQueryType(users, 'failed_logins').filters).toEqual([
      { field: 'user_id', operator: '=', values: ['alex@example.com'] },
    ]);
  });

  it.each(QUERY_TYPES)('never gives %s a filter or a group that it lacks', (queryType) => {
    for (const from of QUERY_TYPES) {
      const filters = filterableFields(from).map(({ name, operators }) => ({
        field: name,
        operator: operators[0],
        values: ['$v'],
      }));
      const groupBy = catalogue[from].fields.filter(({ groupable }) => groupable).map(({ name }) => name);
      const next = withDefaults(changeQueryType(query({ queryType: from, filters, groupBy }), queryType));
      const names = catalogue[queryType].fields.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(next.filters.map(({ field }) => field)));
      expect(names).toEqual(expect.arrayContaining(next.groupBy));
    }
  });
});

describe('another format', () => {
  it('lists events instead of counting them', () => {
    expect(changeFormat(query({ format: 'time_series', groupBy: ['country'] }), 'table')).toMatchObject({
      format: 'table',
      groupBy: undefined,
    });
  });

  it('counts by outcome over time', () => {
    expect(changeFormat(query({ format: 'logs' }), 'time_series')).toMatchObject({
      format: 'time_series',
      groupBy: ['outcome'],
    });
  });
});
