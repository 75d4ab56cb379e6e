import { EVENT_TYPES } from '../../../catalogue';
import { type AccessQuery, type QueryOptions } from '../../types';
import { changeFormat, changeQueryType } from '../change';
import { sentQuery, withDefaults } from '../model';
import { queryProblems } from '../problems';
import { available } from './options';

const query = (change: Partial<AccessQuery> = {}): AccessQuery => ({ refId: 'A', ...change });
const blocked = { field: 'outcome', operator: '=' as const, values: ['blocked'] };
const users = { type: 'distinct' as const, field: 'user_email' };
const having = { operator: '>=' as const, value: 15 };
const compare = { shift: '7d', times: 4 };
const firstSeen = { by: ['user_email', 'country'], history: '14d' };
const sequence = { by: ['user_email'], steps: [{ filters: [blocked], atLeast: 10 }, { filters: [] }], within: '20m' };

describe('what can be added', () => {
  it.each<[Partial<AccessQuery>, Array<keyof QueryOptions>]>([
    [{ format: 'logs' }, ['firstSeen', 'sequence']],
    [{ format: 'table' }, ['firstSeen', 'sequence', 'measure']],
    [{ format: 'table', groupBy: ['country'] }, ['firstSeen', 'sequence', 'measure', 'having']],
    [{ format: 'time_series' }, ['firstSeen', 'sequence', 'measure', 'compare']],
    [{ format: 'time_series', firstSeen }, ['measure']],
    [{ format: 'time_series', sequence, measure: users }, []],
    [{ format: 'time_series', compare }, ['measure']],
    // What is wrong already doesn't stand in the way of the rest.
    [{ format: 'table', compare }, ['firstSeen', 'sequence', 'measure']],
  ])('to %j is %j', (change, expected) => {
    expect(Object.keys(available(withDefaults(query(change))))).toEqual(expected);
  });

  it.each(EVENT_TYPES)('to %s starts with something that can be asked', (queryType) => {
    for (const change of [{ format: 'table', groupBy: ['outcome'] }, { format: 'time_series' }] as const) {
      const base = changeQueryType(query({ format: change.format, groupBy: ['outcome'] }), queryType);
      const before = queryProblems(base, { maxRows: 1000, masked: false });
      for (const [name, start] of Object.entries(available(withDefaults(base)))) {
        expect(queryProblems({ ...base, [name]: start }, { maxRows: 1000, masked: false })).toEqual(before);
      }
    }
  });
});

describe('another format', () => {
  const full = { measure: users, having, firstSeen, groupBy: ['country'] };

  it('keeps what it can have', () => {
    expect(changeFormat(query({ ...full, format: 'table' }), 'time_series')).toMatchObject({
      measure: users,
      firstSeen,
    });
    expect(changeFormat(query({ ...full, format: 'table' }), 'time_series')).not.toHaveProperty('having');
  });

  it('leaves out the rest', () => {
    const logs = changeFormat(query({ ...full, format: 'table' }), 'logs');
    expect(logs).toMatchObject({ firstSeen });
    expect(logs).not.toHaveProperty('measure');
    expect(logs).not.toHaveProperty('having');
    expect(changeFormat(query({ format: 'time_series', compare }), 'table')).not.toHaveProperty('compare');
  });
});

describe('another query type', () => {
  const spray = query({ groupBy: ['ip_address'], measure: users, having, sequence });

  it('has the same question in its own terms', () => {
    expect(changeQueryType(spray, 'login_groups')).toMatchObject({
      groupBy: ['ipAddress'],
      measure: users,
      having,
      sequence,
    });
    expect(
      changeQueryType(query({ measure: { type: 'distinct', field: 'ip_address' } }), 'login_groups')
    ).toMatchObject({
      measure: { type: 'distinct', field: 'ipAddress' },
    });
  });

  it('has no part of what it can not express', () => {
    const scim = changeQueryType({ ...spray, firstSeen, compare }, 'scim_updates');
    expect(scim).toMatchObject({ measure: { type: 'distinct', field: 'resource_user_email' } });
    for (const option of ['having', 'firstSeen', 'sequence', 'compare']) {
      expect(scim).not.toHaveProperty(option);
    }
  });

  it('keeps no condition on counts of something else', () => {
    const byAddress = query({ groupBy: ['user_email'], measure: { type: 'distinct', field: 'ip_address' }, having });
    expect(changeQueryType(byAddress, 'failed_logins')).not.toHaveProperty('having');
  });

  it('without events has none', () => {
    expect(sentQuery(changeQueryType(spray, 'explain'))).toEqual({
      refId: 'A',
      queryType: 'explain',
      format: 'table',
      filters: [],
    });
  });
});

it('sends no unfinished filter of a step', () => {
  const unfinished = { field: 'country', operator: '=' as const, values: [] };
  const asked = { ...sequence, steps: [{ filters: [blocked, unfinished], atLeast: 2 }, { filters: [unfinished] }, {}] };
  expect(sentQuery(query({ sequence: asked })).sequence).toEqual({
    ...sequence,
    steps: [{ filters: [blocked], atLeast: 2 }, { filters: [] }, {}],
  });
});
