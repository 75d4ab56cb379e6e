import { dateTime, type DataLink, FieldType, type TimeRange, toDataFrame } from '@grafana/data';

import { withLinkRange } from './linkRange';

const range: TimeRange = {
  from: dateTime('2026-11-20T10:00:00Z'),
  to: dateTime('2026-11-21T10:00:00Z'),
  raw: { from: 'now-24h', to: 'now' },
};

it('opens Explore on the time range of the panel, and leaves other links alone', () => {
  const links: DataLink[] = [
    { title: 'Show', url: '', internal: { query: { refId: 'A' }, datasourceUid: 'u', datasourceName: 'n' } },
    { title: 'Elsewhere', url: 'https://example.com' },
  ];
  const frame = toDataFrame({
    fields: [{ name: 'ray_id', type: FieldType.string, values: ['8d3f'], config: { links } }],
  });

  withLinkRange({ data: [frame, { fields: undefined }] }, range);

  expect(links[0].internal?.range).toBe(range);
  expect(links[1]).toEqual({ title: 'Elsewhere', url: 'https://example.com' });
});
