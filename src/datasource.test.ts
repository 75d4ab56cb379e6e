import {
  CoreApp,
  dateTime,
  FieldType,
  SupplementaryQueryType,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
} from '@grafana/data';
import { DataSourceWithBackend, type TemplateSrv } from '@grafana/runtime';
import { firstValueFrom, of } from 'rxjs';

import { catalogue, QUERY_TYPES } from '../catalogue';
import { AccessDataSource } from './datasource';
import { type AccessOptions, type AccessQuery, type QueryOptions } from './types';

const templateSrv: TemplateSrv = {
  getVariables: () => [],
  replace: (target = '', scopedVars = {}, format) =>
    target.replace(/\$(\w+)/g, (reference, name: string) => {
      const value: unknown = scopedVars[name]?.value;
      return value === undefined ? reference : typeof format === 'function' ? format(value, {}) : String(value);
    }),
  containsTemplate: () => false,
  updateTimeRange: () => {},
};

function dataSource(jsonData: AccessOptions = {}) {
  const settings = {
    uid: 'u',
    type: 'cfaccess-logs-datasource',
    name: 'Access',
    jsonData,
  } as DataSourceInstanceSettings<AccessOptions>;
  return new AccessDataSource(settings, templateSrv);
}

const blocked: AccessQuery = {
  refId: 'A',
  queryType: 'access_requests',
  format: 'logs',
  filters: [{ field: 'outcome', operator: '=', values: ['blocked'] }],
};
const range = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };
const request = (...targets: AccessQuery[]) =>
  ({ targets, range, scopedVars: {} }) as unknown as DataQueryRequest<AccessQuery>;

it('takes its limits and privacy from the settings', () => {
  expect(dataSource()).toMatchObject({ maxRows: 100_000, masked: false });
  expect(dataSource({ maxRows: 5, maskIdentities: 'redact' })).toMatchObject({ maxRows: 5, masked: true });
});

it('starts with a default that fits the place', () => {
  expect(dataSource().getDefaultQuery(CoreApp.Explore)).toMatchObject({ format: 'table' });
  expect(dataSource().getDefaultQuery(CoreApp.Dashboard)).toMatchObject({ format: 'time_series' });
});

it('asks what is not hidden, so that an incomplete query shows what it lacks', () => {
  const source = dataSource();
  expect(source.filterQuery(blocked)).toBe(true);
  expect(source.filterQuery({ ...blocked, hide: true })).toBe(false);
  expect(source.filterQuery({ refId: 'A', queryType: 'failed_logins' })).toBe(true);
});

it('interpolates queries for Explore and says whose they are', () => {
  const filters = [{ field: 'country', operator: '=' as const, values: ['$c'] }];
  const [query] = dataSource().interpolateVariablesInQueries([{ ...blocked, filters }], {
    c: { text: '', value: ['GB', 'US'] },
  });
  expect(query.filters).toEqual([{ field: 'country', operator: '=', values: ['GB', 'US'] }]);
  expect(query.datasource).toEqual({ type: 'cfaccess-logs-datasource', uid: 'u' });
});

it('adds ad hoc filters', () => {
  const query = dataSource().applyTemplateVariables(blocked, {}, [{ key: 'country', operator: '=', value: 'GB' }]);
  expect(query.filters).toEqual([...(blocked.filters ?? []), { field: 'country', operator: '=', values: ['GB'] }]);
});

describe('ad hoc keys', () => {
  it('are the fields of the surfaces that the dashboard asks', async () => {
    const keys = await dataSource().getTagKeys({ filters: [], queries: [{ refId: 'A', queryType: 'scim_updates' }] });
    expect(keys).toContainEqual({ text: 'Method', value: 'request_method' });
    expect(keys).not.toContainEqual(expect.objectContaining({ value: 'country' }));
  });

  it('are those of all surfaces, each once, where Grafana does not say', async () => {
    const values = (await dataSource().getTagKeys()).map(({ value }) => value);
    expect(values).toEqual([...new Set(values)]);
    const times = QUERY_TYPES.map((queryType) => catalogue[queryType].timeField);
    expect(values.filter((value) => times.includes(String(value)))).toEqual([]);
  });

  it('have the values of the account', async () => {
    const datasource = dataSource();
    const getResource = jest
      .spyOn(datasource, 'getResource')
      .mockResolvedValue([{ text: 'GB', value: 'GB', count: 3 }]);
    expect(await datasource.getTagValues({ key: 'country', filters: [], timeRange: range })).toEqual([
      { text: 'GB', value: 'GB' },
    ]);
    expect(getResource).toHaveBeenCalledWith('values', {
      queryType: 'access_requests',
      field: 'country',
      from: 1000,
      to: 2000,
    });
  });

  it('have the values of an enumeration, and none where the key is unknown', async () => {
    const datasource = dataSource();
    expect(await datasource.getTagValues({ key: 'outcome', filters: [] })).toContainEqual({
      text: 'Blocked',
      value: 'blocked',
    });
    expect(await datasource.getTagValues({ key: 'mystery', filters: [] })).toEqual([]);
  });
});

describe('the volume of logs in Explore', () => {
  it('is asked for logs only', () => {
    const datasource = dataSource();
    expect(datasource.getSupportedSupplementaryQueryTypes()).toEqual([SupplementaryQueryType.LogsVolume]);
    expect(
      datasource.getSupplementaryRequest(SupplementaryQueryType.LogsVolume, request({ ...blocked, format: 'table' }))
    ).toBeUndefined();
    expect(datasource.getSupplementaryRequest(SupplementaryQueryType.LogsSample, request(blocked))).toBeUndefined();
    expect(datasource.getSupplementaryRequest(SupplementaryQueryType.LogsVolume, request(blocked))?.targets).toEqual([
      { ...blocked, refId: 'log-volume-A', format: 'time_series', groupBy: ['outcome'] },
    ]);
  });

  it('counts the lines that there are, whatever else the query says about counting', () => {
    const firstSeen = { by: ['user_email'], history: '14d' };
    const sequence = { by: ['user_email'], steps: [{}, {}], within: '20m' };
    const volume = (options: QueryOptions) =>
      dataSource().getSupplementaryQuery({ type: SupplementaryQueryType.LogsVolume }, { ...blocked, ...options });
    expect(volume({ firstSeen })).toMatchObject({ format: 'time_series', firstSeen });
    expect(volume({ sequence })).toMatchObject({ format: 'time_series', sequence });
    const counted = volume({
      measure: { type: 'distinct', field: 'country' },
      having: { operator: '>', value: 1 },
      compare: { shift: '7d' },
    });
    expect(counted).toBeDefined();
    expect(counted).not.toHaveProperty('measure');
    expect(counted).not.toHaveProperty('having');
    expect(counted).not.toHaveProperty('compare');
  });

  it('is not asked for where the query lacks what it needs: the logs say so', () => {
    const query: AccessQuery = { refId: 'A', queryType: 'failed_logins', format: 'logs' };
    const volume = (asked: AccessQuery) =>
      dataSource().getSupplementaryQuery({ type: SupplementaryQueryType.LogsVolume }, asked);
    expect(volume(query)).toBeUndefined();
    expect(volume({ ...query, filters: [{ field: 'user_id', operator: '=', values: ['alex@example.com'] }] })).toEqual(
      expect.objectContaining({ queryType: 'failed_logins', format: 'time_series' })
    );
  });

  it('has a frame and a level for each outcome', async () => {
    const time = { name: 'time', type: FieldType.time, config: {}, values: [1] };
    const count = (outcome: string) => ({
      name: 'logins',
      type: FieldType.number,
      config: {},
      values: [2],
      labels: { outcome },
    });
    const wide = { refId: 'log-volume-A', length: 1, fields: [time, count('allowed'), count('blocked')] };
    const response: DataQueryResponse = { data: [wide] };
    jest.spyOn(DataSourceWithBackend.prototype, 'query').mockReturnValue(of(response));
    const volume = await firstValueFrom(dataSource().query(request({ ...blocked, refId: 'log-volume-A' })));
    expect(volume.data.map((frame) => frame.fields[1].labels)).toEqual([
      { outcome: 'allowed', level: 'info' },
      { outcome: 'blocked', level: 'error' },
    ]);
    expect((await firstValueFrom(dataSource().query(request(blocked)))).data).toEqual([wide]);
    const updates = { ...wide, fields: [time, { ...count('failure'), name: 'updates' }] };
    jest.spyOn(DataSourceWithBackend.prototype, 'query').mockReturnValue(of({ data: [updates] }));
    const query: AccessQuery = { refId: 'log-volume-A', queryType: 'scim_updates', format: 'time_series' };
    const [failed] = (await firstValueFrom(dataSource().query(request(query)))).data;
    expect(failed.fields[1].labels).toEqual({ outcome: 'failure', level: 'error' });
  });
});

describe('filters from a click on a value', () => {
  const datasource = dataSource();
  const country = (operator: '=' | '!=', ...values: string[]): AccessQuery => ({
    refId: 'A',
    queryType: 'access_requests',
    filters: [{ field: 'country', operator, values }],
  });
  const options = { key: 'country', value: 'GB' };
  const none: AccessQuery = { refId: 'A', queryType: 'access_requests', filters: [] };

  it('are added and taken away again', () => {
    const on = datasource.toggleQueryFilter(none, { type: 'FILTER_FOR', options });
    expect(on).toEqual(country('=', 'GB'));
    expect(datasource.queryHasFilter(on, options)).toBe(true);
    expect(datasource.toggleQueryFilter(on, { type: 'FILTER_FOR', options })).toEqual(none);
  });

  it('take the place of their opposite', () => {
    expect(datasource.toggleQueryFilter(country('=', 'GB'), { type: 'FILTER_OUT', options })).toEqual(
      country('!=', 'GB')
    );
    expect(datasource.modifyQuery(country('!=', 'GB', 'US'), { type: 'ADD_FILTER', options }).filters).toEqual([
      { field: 'country', operator: '!=', values: ['US'] },
      { field: 'country', operator: '=', values: ['GB'] },
    ]);
  });

  it('are there once', () => {
    expect(datasource.modifyQuery(country('!=', 'GB'), { type: 'ADD_FILTER_OUT', options })).toEqual(
      country('!=', 'GB')
    );
  });

  it('leave the query as it is where the surface lacks the field, or the action is another', () => {
    expect(datasource.modifyQuery(none, { type: 'ADD_FILTER', options: { key: 'mystery', value: 'x' } })).toBe(none);
    expect(datasource.modifyQuery(none, { type: 'ADD_STRING_FILTER', options })).toBe(none);
    expect(datasource.queryHasFilter(none, { key: 'mystery', value: 'x' })).toBe(false);
  });
});

describe('annotations', () => {
  const { annotations } = dataSource();
  const fresh = { name: 'New annotation', enable: true, iconColor: 'red' };
  const blockedLogs = { format: 'logs', filters: blocked.filters };

  it('mark blocked logins with their log lines', () => {
    expect(annotations?.getDefaultQuery?.()).toMatchObject(blockedLogs);
  });

  it('that are new ask what their editor shows', () => {
    expect(annotations?.prepareAnnotation?.(fresh)).toMatchObject({ ...fresh, target: blockedLogs });
    expect(annotations?.prepareAnnotation?.({ ...fresh, target: { refId: 'Anno' } }).target).toMatchObject(blockedLogs);
  });

  it('that ask something stay as they are', () => {
    const saved = { ...fresh, target: { refId: 'Anno', format: 'table' } };
    expect(annotations?.prepareAnnotation?.(saved)).toBe(saved);
  });
});
