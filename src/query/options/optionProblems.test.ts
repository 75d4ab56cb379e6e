import { type AccessQuery, type Sequence } from '../../types';
import { queryProblems } from '../problems';
import { stepFilterAt } from './optionProblems';

const problems = (change: Partial<AccessQuery>) =>
  queryProblems({ refId: 'A', ...change }, { maxRows: 100_000, masked: false });
const firstSeen = { by: ['user_email'], history: '14d' };
const sequence: Sequence = { by: ['user_email'], steps: [{ atLeast: 5 }, {}], within: '20m' };
const series = { format: 'time_series', compare: { shift: '7d', times: 4 } } as const;

it.each<[string, string, Partial<AccessQuery>]>([
  ['measure', 'at least one field', { measure: { type: 'distinct', field: '' } }],
  ['measure', 'can’t be counted by “created_at”', { measure: { type: 'distinct', field: 'created_at' } }],
  ['measure', 'count or distinct', { measure: { type: 'sum' } as never }],
  ['measure', 'Log lines can’t be counted', { format: 'logs', measure: { type: 'distinct', field: 'country' } }],
  ['having', 'groups of a table', { having: { operator: '>', value: 1 } }],
  ['having', 'groups of a table', { format: 'time_series', groupBy: ['country'], having: { operator: '>', value: 1 } }],
  ['having', 'Enter a number', { groupBy: ['country'], having: { operator: '>', value: 'many' } }],
  ['having', 'Enter a number', { groupBy: ['country'], having: { operator: '>' } as never }],
  ['having', 'by “contains”. Use >=', { groupBy: ['country'], having: { operator: 'contains' as never, value: 1 } }],
  ['firstSeen', 'at least one field', { firstSeen: { ...firstSeen, by: [] } }],
  ['firstSeen', 'can’t be counted by “idp”', { firstSeen: { ...firstSeen, by: ['idp'] } }],
  ['firstSeen', 'at most 180d', { firstSeen: { ...firstSeen, history: '181d' } }],
  ['firstSeen', 'at most 180d', { firstSeen: { ...firstSeen, history: '0d' } }],
  ['sequence', 'either what is first seen or a sequence', { firstSeen, sequence }],
  ['sequence', '2 to 5 steps, not 1', { sequence: { ...sequence, steps: [{}] } }],
  ['sequence', '2 to 5 steps, not 50', { sequence: { ...sequence, steps: Array(50).fill({}) } }],
  ['sequence', 'from 1 to 1,000', { sequence: { ...sequence, steps: [{ atLeast: 1001 }, {}] } }],
  ['sequence', 'from 1 to 1,000', { sequence: { ...sequence, steps: [{ atLeast: 0 }, {}] } }],
  ['sequence', 'last step is a single event', { sequence: { ...sequence, steps: [{}, { atLeast: 2 }] } }],
  ['sequence', 'at most 24h', { sequence: { ...sequence, within: '25h' } }],
  ['sequence', 'at least one field', { sequence: { ...sequence, by: [] } }],
  ['compare', 'Only a time series', { compare: { shift: '7d' } }],
  ['compare', 'can’t be compared with the past', { ...series, firstSeen }],
  ['compare', 'can’t be compared with the past', { ...series, sequence }],
  ['compare', 'at most 180d', { ...series, compare: { shift: '26w' } }],
  ['compare', 'from 1 to 12', { ...series, compare: { shift: '7d', times: 0 } }],
  ['compare', 'from 1 to 12', { ...series, compare: { shift: '7d', times: 1000 } }],
  ['compare', 'can’t show “median”', { ...series, compare: { shift: '7d', show: 'median' as never } }],
  ['compare', 'a multiple of 60 seconds', { ...series, queryType: 'login_groups', compare: { shift: '90s' } }],
])('of %s: %s', (at, said, change) => {
  expect(problems(change)).toEqual([expect.objectContaining({ at, text: expect.stringContaining(said) })]);
});

it.each<Partial<AccessQuery>>([
  { measure: { type: 'count' }, format: 'logs' },
  { measure: { type: 'distinct', field: '$field' }, groupBy: ['country'], having: { operator: '=', value: '$n' } },
  { firstSeen: { by: ['$by'], history: '$history' } },
  { sequence: { ...sequence, steps: [{ atLeast: 1000 }, {}, {}, {}, { atLeast: 1 }], within: '24h' } },
  series,
  { ...series, measure: { type: 'distinct', field: 'user_email' } },
  { ...series, queryType: 'login_groups', compare: { shift: '120s' } },
])('%j can be asked', (change) => expect(problems(change)).toEqual([]));

it('what can’t stand in a query is taken out by a click', () => {
  const [problem] = problems({ compare: { shift: '7d' } });
  expect(problem.fix?.apply({ refId: 'A', compare: { shift: '7d' }, limit: 5 })).toEqual({ refId: 'A', limit: 5 });
});

it('a filter of a step is explained where it is', () => {
  const wrong = { field: 'country', operator: '=' as const, values: ['Britain'] };
  expect(problems({ sequence: { ...sequence, steps: [{ filters: [wrong] }, {}] } })).toEqual([
    { at: stepFilterAt(0, 0), text: expect.stringContaining('two-letter') },
  ]);
});

it('nothing is wrong with options of a query type that has none: they are not asked', () => {
  const filters = [{ field: 'ray_id', operator: '=' as const, values: ['8d3f0a1b2c3d4e5f'] }];
  expect(problems({ queryType: 'explain', filters, compare: { shift: 'never' } })).toEqual([]);
});
