import { type AccessQuery, type Filter } from '../types';
import { patternProblem } from './filterProblems';
import { limitProblem, queryProblems } from './problems';

const options = { maxRows: 100_000, masked: false };
const problems = (change: Partial<AccessQuery>, more = {}) =>
  queryProblems({ refId: 'A', ...change }, { ...options, ...more });
const withFilter = (field: string, operator: Filter['operator'], ...values: string[]) => ({
  filters: [{ field, operator, values }],
});

it('has none with a query that can be answered', () => {
  expect(problems(withFilter('outcome', '=', 'blocked'))).toEqual([]);
  expect(problems({ queryType: 'login_groups', format: 'time_series', ...withFilter('country', '=', 'gb') })).toEqual(
    []
  );
});

describe('values', () => {
  it.each([
    ['created_at', '>', 'yesterday', 'time'],
    ['allowed', '=', 'perhaps', 'true or false'],
    ['country', '=', 'Britain', 'two-letter'],
    ['ip_address', '=', '192.0.2', 'IP addresses'],
    ['ip_address', 'in', '192.0.2.0/33', 'CIDR blocks'],
    ['ray_id', '=', 'hello', 'Ray IDs'],
    ['outcome', '=', 'denied', 'allowed or blocked'],
    ['app_name', '=~', '(', 'broken regular expression'],
  ] as const)('%s %s %s is explained', (field, operator, value, said) => {
    expect(problems(withFilter(field, operator, value))).toEqual([{ at: 0, text: expect.stringContaining(said) }]);
  });

  it.each([
    ['created_at', '>', '2026-01-31T08:00:00Z'],
    ['created_at', '>', '1769846400000'],
    ['allowed', '=', 'TRUE'],
    ['country', '=', 'gb'],
    ['country', 'contains', 'Britain'],
    ['ip_address', '=', '2001:db8::1'],
    ['ip_address', 'contains', '192.0.2'],
    ['ip_address', 'in', '192.0.2.0/24'],
    ['ip_address', '!in', '2001:db8::/32'],
    ['ip_address', 'in', '192.0.2.1'],
    ['ray_id', '=', '8D3F0A1B2C3D4E5F-LHR'],
    ['outcome', '=', '$outcome'],
    ['app_name', '=', ''],
  ] as const)('%s %s %s is allowed', (field, operator, value) =>
    expect(problems(withFilter(field, operator, value))).toEqual([])
  );

  it('of a masked address can be pseudonyms', () => {
    expect(problems(withFilter('ip_address', '=', 'ip-1a2b3c'), { masked: true })).toEqual([]);
  });
});

describe('regular expressions', () => {
  it.each([
    'a.*',
    '(?i)alex',
    '(?i:alex)',
    '(?P<name>x)',
    '[[:alpha:]]+',
    '\\d+$',
    'a|b',
    '^\\w+@example\\.com$',
    '[(?=]',
  ])('%s is RE2', (pattern) => expect(patternProblem(pattern)).toBeUndefined());
  it.each(['(', '[a', '*', '(?=a)', '(?!a)', '(?<=a)', '(a)\\1'])('%s is not', (pattern) =>
    expect(patternProblem(pattern)).toBeDefined()
  );
});

describe('fields and operators', () => {
  it('that do not exist are explained', () => {
    expect(problems(withFilter('mystery', '=', 'x'))[0].text).toContain('no field “mystery”');
    expect(problems(withFilter('created_at', 'contains', 'x'))[0].text).toContain('no operator “contains”');
    expect(problems({ format: 'time_series', groupBy: ['created_at'] })[0].text).toContain(
      'can’t be counted by “created_at”'
    );
    expect(problems({ queryType: 'nonsense' as AccessQuery['queryType'] })[0]).toMatchObject({ at: 'queryType' });
  });

  it('can be variables', () => {
    expect(problems({ ...withFilter('$field', '=', 'x'), format: 'time_series', groupBy: ['$by'] })).toEqual([]);
  });
});

describe('failed logins', () => {
  const failed = (...values: string[]) =>
    problems({ queryType: 'failed_logins', ...withFilter('user_id', '=', ...values) });

  it('need a user', () => {
    expect(failed()).toEqual([{ at: 'user_id', text: expect.stringContaining('User is required'), missing: true }]);
  });

  it.each(['alex@example.com', 'f174e90a-fafe-4643-bbbc-4a0ed4fc8415', '$user'])('take %s', (user) =>
    expect(failed(user)).toEqual([])
  );

  it.each(['alex', '../secrets', 'a/b@example.com', 'f174e90a'])('refuse %s', (user) => {
    expect(failed(user)).toEqual([
      { at: 'user_id', text: `“${user}” is neither an email address nor a UUID. Correct it.` },
    ]);
  });
});

describe('a filter that GraphQL cannot do', () => {
  const series = {
    queryType: 'login_groups',
    format: 'time_series',
    groupBy: ['outcome'],
    ...withFilter('country', '=~', '^G'),
  } as const;

  it('needs its field among the groups, and offers to add it', () => {
    const [problem] = problems({ ...series, groupBy: [...series.groupBy] });
    expect(problem).toMatchObject({ at: 0, text: expect.stringContaining('has no “=~” for Country') });
    const fixed = problem.fix?.apply({ refId: 'A', ...series, groupBy: [...series.groupBy] });
    expect(fixed?.groupBy).toEqual(['outcome', 'country']);
    expect(fixed && queryProblems(fixed, options)).toEqual([]);
  });

  it('is fine in a table of all columns, and not in one without its own', () => {
    const table = { queryType: 'login_groups', format: 'table', ...withFilter('country', '=~', '^G') } as const;
    expect(problems({ ...table })).toEqual([]);
    const [problem] = problems({ ...table, fields: ['appId'] });
    expect(problem.fix?.apply({ refId: 'A', ...table, fields: ['appId'] }).fields).toEqual(['appId', 'country']);
  });

  it('is fine on a name: the groups have its ID', () => {
    const named = { ...series, groupBy: ['outcome'], ...withFilter('app_name', '=~', '^W') } as const;
    expect(problems({ ...named, groupBy: [...named.groupBy] })).toEqual([]);
  });

  it('is fine on a block of addresses, which is applied here', () => {
    expect(problems({ ...series, groupBy: [], ...withFilter('ipAddress', 'in', '192.0.2.0/24') })).toEqual([]);
  });

  it('is fine on the REST surfaces', () => {
    expect(problems({ ...series, groupBy: ['outcome'], queryType: 'access_requests' })).toEqual([]);
  });
});

it.each([0, -1, 1.5, 100_001, 1e9, NaN])('limit %d is refused', (limit) => {
  expect(limitProblem(limit, 100_000)).toBe('The limit must be a whole number from 1 to 100,000.');
});

it('a limit is checked only where it applies', () => {
  expect(problems({ format: 'table', limit: 0 })).toEqual([{ at: 'limit', text: expect.any(String) }]);
  expect(problems({ format: 'time_series', limit: 0 })).toEqual([]);
});
