import { LoadingState } from '@grafana/data';

import { answer } from '../testing/editor';
import { type Coverage } from '../types';
import { ago, describeCoverage, isAsking, readCoverage } from './coverage';
import { withDefaults } from './model';

const query = withDefaults({ refId: 'A', queryType: 'access_requests', format: 'table' });
const describeAnswer = (coverage: Partial<Coverage>) => describeCoverage(answer(coverage), query, 100_000);

it('speaks of one event in the singular', () => {
  expect(describeAnswer({ rows: 1, upstreamCalls: 1 })?.parts).toEqual(['1 login', 'complete', '1 call']);
});

it('uses the noun of the surface', () => {
  const updates = withDefaults({ refId: 'A', queryType: 'scim_updates' });
  expect(describeCoverage(answer({ rows: 2 }), updates, 1)?.parts[0]).toBe('2 updates');
});

it.each([
  ['limit', 'cut by the limit'],
  ['retention', 'part of the range is beyond the retention period'],
  ['rate_limit', 'stopped by the rate limit'],
  ['timeout', 'ran out of time'],
] as const)('says why it is not complete: %s', (reason, said) => {
  const line = describeAnswer({ complete: false, reason });
  expect(line).toMatchObject({ complete: false });
  expect(line?.parts[1]).toBe(`not complete: ${said}`);
  expect(line?.advice).toHaveLength(1);
});

it('shows a reason that it does not know as it is', () => {
  expect(describeAnswer({ complete: false, reason: 'moonlight' as Coverage['reason'] })?.parts[1]).toBe(
    'not complete: moonlight'
  );
});

it('says what Cloudflare sampled and when to come back', () => {
  const parts = describeAnswer({
    sampled: true,
    sampleInterval: 10,
    retryAt: '2026-01-31T08:05:00Z',
  })?.parts;
  expect(parts).toContain('sampled by Cloudflare, 1 in 10');
  expect(parts?.some((part) => part.startsWith('next call possible at'))).toBe(true);
});

it('repeats the warnings of the answer once', () => {
  const data = answer({ complete: false, reason: 'limit' });
  const notices = [
    { severity: 'warning' as const, text: 'Narrow it.' },
    { severity: 'warning' as const, text: 'Narrow it.' },
    { severity: 'info' as const, text: 'By the way.' },
  ];
  data.series[0].meta = { ...data.series[0].meta, notices };
  expect(describeCoverage(data, query, 100_000)?.advice).toEqual(['Narrow it.']);
});

it('raises the limit up to the maximum and no further', () => {
  const cut = answer({ complete: false, reason: 'limit' });
  expect(describeCoverage(cut, { ...query, limit: 50_000 }, 100_000)?.remedy?.apply(query).limit).toBe(100_000);
  expect(describeCoverage(cut, { ...query, limit: 100_000 }, 100_000)?.remedy).toBeUndefined();
});

it('reads nothing where there is nothing', () => {
  expect(readCoverage(undefined, 'A')).toBeUndefined();
  expect(readCoverage(answer({}), 'B')).toBeUndefined();
  expect(readCoverage(answer({}), 'A')).toMatchObject({ complete: true });
});

it('knows when its query is being asked', () => {
  const data = answer({});
  const asking = { ...data, state: LoadingState.Loading, request: { targets: [{ refId: 'A' }] } as never };
  expect([isAsking(data, 'A'), isAsking(asking, 'A'), isAsking(asking, 'B')]).toEqual([false, true, false]);
});

it.each([
  [-5000, '0 s ago'],
  [12_400, '12 s ago'],
  [150_000, '3 min ago'],
  [10_800_000, '3 h ago'],
  [259_200_000, '3 days ago'],
])('%d ms is %s', (milliseconds, text) => expect(ago(milliseconds)).toBe(text));
