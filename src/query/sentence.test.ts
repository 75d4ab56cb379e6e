import { type AccessQuery, type Filter } from '../types';
import { withDefaults } from './model';
import { sentence } from './sentence';

const says = (change: Partial<AccessQuery>) => sentence(withDefaults({ refId: 'A', ...change }));
const is = (field: string, ...values: string[]): Filter => ({ field, operator: '=', values });
const blocked = is('outcome', 'blocked');
const allowed = is('outcome', 'allowed');
const users = { type: 'distinct', field: 'user_email' } as const;
const burst = {
  by: ['user_email'],
  steps: [{ filters: [blocked], atLeast: 10 }, { filters: [allowed] }],
  within: '20m',
};

it.each<[Partial<AccessQuery>, string]>([
  [{}, 'Lists logins.'],
  [{ format: 'logs', filters: [is('country', 'GB', 'US')] }, 'Lists logins where country is GB or US, as log lines.'],
  [{ format: 'table', filters: [is('country')] }, 'Lists logins.'],
  [{ format: 'time_series' }, 'Counts logins over time, by outcome.'],
  [{ format: 'time_series', groupBy: [], filters: [blocked] }, 'Counts blocked logins over time.'],
  [
    { groupBy: ['ip_address'], measure: users, having: { operator: '>=', value: 15 } },
    'Counts different user emails by IP address, and keeps IP addresses with at least 15.',
  ],
  [
    { groupBy: ['country', 'app_name'], having: { operator: '!=', value: '$n' }, filters: [blocked] },
    'Counts blocked logins by country and application, and keeps groups with any number but $n.',
  ],
  [{ measure: { type: 'count' }, groupBy: ['outcome'] }, 'Counts logins by outcome.'],
  [
    { measure: { type: 'distinct', field: 'country' }, filters: [allowed, is('app_name', 'Wiki')] },
    'Counts different countries of allowed logins where application is Wiki, as one number.',
  ],
  [
    { queryType: 'login_groups', measure: { type: 'distinct', field: 'hasWarpEnabled' } },
    'Counts different values of WARP on as one number.',
  ],
  [
    { firstSeen: { by: ['user_email', 'country'], history: '14d' }, filters: [allowed] },
    'Lists allowed logins whose user email and country no such login had in the 14 days before.',
  ],
  [
    { firstSeen: { by: ['ip_address'], history: '1w' }, measure: users, groupBy: ['app_name'] },
    'Counts different user emails of logins whose IP address no such login had in the 1 week before, by application.',
  ],
  [
    { sequence: burst },
    'Lists allowed logins that follow at least 10 blocked logins of the same user email within 20 minutes.',
  ],
  [
    {
      filters: [is('app_name', 'Wiki')],
      sequence: { ...burst, steps: [burst.steps[0], { filters: [is('country', 'GB')] }, {}] },
      format: 'logs',
    },
    'Among logins where application is Wiki, lists logins that follow at least 10 blocked logins, then at least one login where country is GB, of the same user email within 20 minutes, as log lines.',
  ],
  [{ queryType: 'scim_updates', filters: [is('outcome', 'failure')] }, 'Lists updates where outcome is Failure.'],
  [
    { format: 'time_series', groupBy: [], filters: [blocked], compare: { shift: '7d', times: 4, show: 'deviation' } },
    'Counts blocked logins over time. Shows by how many standard deviations each value is above the mean of 4 values before it, 7 days apart.',
  ],
  [
    { format: 'time_series', groupBy: [], compare: { shift: '1d' } },
    'Counts logins over time. Shows each value beside the one 1 day before it, and its deviation from it. A single earlier value gives no deviation.',
  ],
  [
    { format: 'time_series', groupBy: [], compare: { shift: '1d', show: 'baseline' } },
    'Counts logins over time. Shows, in place of each value, the one 1 day before it.',
  ],
])('%j', (change, expected) => expect(says(change)).toBe(expected));
