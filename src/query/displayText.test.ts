import { type AccessQuery } from '../types';
import { displayText } from './displayText';

const text = (change: Partial<AccessQuery>) => displayText({ refId: 'A', ...change });

it.each<[Partial<AccessQuery>, string]>([
  [{}, 'Access requests'],
  [{ format: 'logs', direction: 'asc' }, 'Access requests as logs, oldest first'],
  [{ format: 'time_series' }, 'Access requests over time by Outcome'],
  [{ format: 'time_series', groupBy: [] }, 'Access requests over time'],
  [
    { queryType: 'login_groups', groupBy: ['country', 'serviceTokenId'] },
    'Login groups counted by Country and Service token ID',
  ],
  [
    {
      queryType: 'access_requests',
      filters: [
        { field: 'outcome', operator: '=', values: ['blocked'] },
        { field: 'country', operator: '!=', values: ['GB', 'US'] },
        { field: 'app_name', operator: '=', values: [] },
      ],
    },
    'Access requests where Outcome is Blocked and Country is not GB or US',
  ],
  [
    { queryType: 'failed_logins', filters: [{ field: 'user_id', operator: '=', values: ['$user'] }] },
    'Failed logins where User is $user',
  ],
  [
    { filters: [{ field: 'app_name', operator: '=~', values: ['a', 'b', 'c', 'd', ''] }] },
    'Access requests where Application matches a, b, c or 2 more',
  ],
  [{ filters: [{ field: 'mystery', operator: '=', values: [''] }] }, 'Access requests where mystery is empty'],
  [
    { filters: [{ field: 'app_name', operator: '!=', values: ['', 'Wiki'] }] },
    'Access requests where Application is not (empty) or Wiki',
  ],
  [
    { firstSeen: { by: ['country'], history: '1w' }, filters: [{ field: 'user_email', operator: '!=', values: [''] }] },
    'Access requests: Lists logins where user email is not empty, whose country no such login had in the 1 week before.',
  ],
])('%j reads as a sentence', (change, sentence) => expect(text(change)).toBe(sentence));

it('names a query type that it does not know', () => {
  expect(text({ queryType: 'nonsense' as AccessQuery['queryType'] })).toBe('Unknown query type nonsense');
});
