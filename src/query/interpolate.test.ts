import { type ScopedVars } from '@grafana/data';
import fc from 'fast-check';
import { cloneDeep } from 'lodash';

import { catalogue, QUERY_TYPES } from '../../catalogue';
import { type AccessQuery } from '../types';
import { awaitsVariable, interpolateQuery, interpolateText, type Replacer } from './interpolate';

type Value = string | string[];

/** Replaces $name and ${name} as Grafana does: a custom format function gets the raw value and the variable. */
function replacerOf(values: Record<string, Value>, multi = true): Replacer {
  return {
    replace: (target = '', scopedVars: ScopedVars = {}, format?: string | Function) =>
      target.replace(/\$(\w+)|\$\{(\w+)(?::(\w+))?\}/g, (reference, plain?: string, braced?: string, own?: string) => {
        const name = plain ?? braced ?? '';
        const value: Value | undefined = scopedVars[name]?.value ?? values[name];
        if (value === undefined) {
          return reference;
        }
        return typeof format === 'function' && !own ? format(value, { name, multi }) : String(value);
      }),
  };
}

const query = (change: Partial<AccessQuery>): AccessQuery => ({
  refId: 'A',
  queryType: 'access_requests',
  format: 'table',
  ...change,
});

/** Every text in a query, but for those that Grafana or the catalogue gives. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

/** Queries with this text wherever what is counted, or what needs history, can have one. */
function optionsWith(text: string): Array<Partial<AccessQuery>> {
  const filters = [{ field: text, operator: '=' as const, values: [text] }];
  return [
    { measure: { type: 'distinct', field: text }, groupBy: [text], having: { operator: '>', value: text } },
    { firstSeen: { by: [text], history: text } },
    { sequence: { by: [text], steps: [{ filters, atLeast: 2 }, { filters }], within: text } },
    { format: 'time_series', compare: { shift: text, show: 'deviation' } },
  ];
}

describe('interpolateText', () => {
  const awkward = fc.string({ unit: 'binary' }).map((text) => text.replace(/\uE000/g, ''));

  it('keeps the values of a variable apart, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 1 }), (values) => {
        expect(interpolateText('$v', replacerOf({ v: values }), {})).toEqual(values);
      })
    );
  });

  it('combines several variables in one text', () => {
    fc.assert(
      fc.property(fc.array(awkward, { minLength: 1, maxLength: 4 }), awkward, (values, single) => {
        const result = interpolateText('<${a}|$b>', replacerOf({ a: values, b: single }), {});
        expect(result).toEqual(values.map((value) => `<${value}|${single}>`));
      })
    );
  });

  it('leaves a text without variables as it is', () => {
    fc.assert(fc.property(awkward, (text) => expect(interpolateText(text, replacerOf({}), {})).toEqual([text])));
  });

  it.each(['a,b', '{a,b}', 'a|b', 'a\\,b', '${c}', '$c', ''])('does not read %j in a value', (value) => {
    expect(interpolateText('$v', replacerOf({ v: [value, 'z'], c: 'wrong' }), {})).toEqual([value, 'z']);
  });

  it('gives an empty text for a variable without values, so that no filter is lost', () => {
    expect(interpolateText('$v', replacerOf({ v: [] }), {})).toEqual(['']);
  });

  it('takes scoped variables first', () => {
    expect(interpolateText('$v', replacerOf({ v: 'global' }), { v: { text: 'row', value: 'row' } })).toEqual(['row']);
  });

  it('matches chosen values literally in regular expressions', () => {
    const values = { v: ['a.b', 'c (d)'] };
    expect(interpolateText('^$v$', replacerOf(values), {}, true)).toEqual(['^a\\.b$', '^c \\(d\\)$']);
  });

  it('takes a typed variable as a regular expression', () => {
    expect(interpolateText('$v', replacerOf({ v: 'a.*' }, false), {}, true)).toEqual(['a.*']);
  });
});

describe('interpolateQuery', () => {
  it.each(QUERY_TYPES)('reaches every text of %s', (queryType) => {
    const { fields } = catalogue[queryType];
    const everything: Array<Partial<AccessQuery>> = [
      { format: 'table', fields: ['$var', ...fields.map(({ name }) => `${name}$var`)] },
      { format: 'time_series', groupBy: ['$var', ...fields.map(({ name }) => `${name}$var`)] },
      { format: 'logs', fields: ['${var}'] },
      ...(catalogue[queryType].parts ? [] : optionsWith('$var')),
    ];
    for (const part of everything) {
      const filters = fields.flatMap(({ name, operators }) =>
        operators.map((operator) => ({ field: `${name}$var`, operator, values: ['$var', 'x${var}y'] }))
      );
      const result = interpolateQuery({ refId: 'A', queryType, ...part, filters }, replacerOf({ var: 'done' }), {});
      expect(result.filters).toHaveLength(filters.length);
      expect(texts(result).filter((text) => text.includes('var'))).toEqual([]);
    }
  });

  it('turns a multi-value variable into several values', () => {
    const filters = [{ field: 'app_name', operator: '=' as const, values: ['Wiki', '$apps'] }];
    const result = interpolateQuery(query({ filters }), replacerOf({ apps: ['Mail, old', 'CRM|x'] }), {});
    expect(result.filters).toEqual([{ field: 'app_name', operator: '=', values: ['Wiki', 'Mail, old', 'CRM|x'] }]);
  });

  it('turns a multi-value variable into several columns and groups', () => {
    const replacer = replacerOf({ by: ['country', 'app_name'] });
    expect(interpolateQuery(query({ groupBy: ['$by'] }), replacer, {}).groupBy).toEqual(['country', 'app_name']);
    expect(interpolateQuery(query({ fields: ['$by'] }), replacer, {}).fields).toEqual(['country', 'app_name']);
  });

  it('fills the steps of a sequence as it fills filters, and leaves those alone that every event must pass', () => {
    const step = (...values: string[]) => ({ filters: [{ field: 'country', operator: '=' as const, values }] });
    const sequence = { by: ['$by'], steps: [{ ...step('$c'), atLeast: 5 }, step()], within: '20m' };
    const asked = query({ filters: [{ field: 'app_name', operator: '=', values: ['Wiki'] }], sequence });
    const replacer = replacerOf({ by: ['user_email', 'country'], c: ['GB', 'US'] });
    const adHoc = [{ key: 'ip_address', operator: '=', value: '192.0.2.1' }];
    expect(interpolateQuery(asked, replacer, {}, adHoc)).toMatchObject({
      filters: [
        { field: 'app_name', operator: '=', values: ['Wiki'] },
        { field: 'ip_address', operator: '=', values: ['192.0.2.1'] },
      ],
      sequence: {
        by: ['user_email', 'country'],
        steps: [{ ...step('GB', 'US'), atLeast: 5 }, { filters: [] }],
        within: '20m',
      },
    });
  });

  it('passes a malformed option on, for the executable to explain', () => {
    const malformed = { firstSeen: {}, sequence: {}, compare: {} } as never;
    expect(
      interpolateQuery({ ...query({ format: 'time_series' }), ...(malformed as object) }, replacerOf({}), {})
    ).toMatchObject({ firstSeen: { by: [] }, sequence: { steps: [] } });
  });

  it('leaves unfinished filters out and keeps the rest of the query', () => {
    const filters = [
      { field: 'country', operator: '=' as const, values: [] },
      { field: 'outcome', operator: '=' as const, values: ['blocked'] },
    ];
    expect(interpolateQuery(query({ filters, limit: 7, direction: 'asc' }), replacerOf({}), {})).toEqual({
      refId: 'A',
      queryType: 'access_requests',
      format: 'table',
      filters: [filters[1]],
      groupBy: [],
      direction: 'asc',
      limit: 7,
    });
  });

  it('does not change the saved query', () => {
    const saved = query({ filters: [{ field: 'app_name', operator: '=', values: ['$v'] }] });
    const copy = cloneDeep(saved);
    interpolateQuery(saved, replacerOf({ v: ['a', 'b'] }), {});
    expect(saved).toEqual(copy);
  });

  describe('ad hoc filters', () => {
    const adHoc = (queryType: AccessQuery['queryType'], key: string, operator = '=', value = 'x', values?: string[]) =>
      interpolateQuery({ refId: 'A', queryType, format: 'table' }, replacerOf({}), {}, [
        { key, operator, value, values },
      ]).filters;

    it('are added', () => {
      expect(adHoc('access_requests', 'app_name')).toEqual([{ field: 'app_name', operator: '=', values: ['x'] }]);
    });

    it.each([
      ['=|', '='],
      ['!=|', '!='],
    ])('%s holds several values', (operator, sent) => {
      expect(adHoc('access_requests', 'country', operator, 'GB', ['GB', 'US'])).toEqual([
        { field: 'country', operator: sent, values: ['GB', 'US'] },
      ]);
    });

    it('mean the same field under another name', () => {
      expect(adHoc('login_groups', 'ray_id')).toEqual([{ field: 'cfRayId', operator: '=', values: ['x'] }]);
      expect(adHoc('login_groups', 'ip_address')).toEqual([{ field: 'ipAddress', operator: '=', values: ['x'] }]);
      expect(adHoc('scim_updates', 'user_email')).toEqual([
        { field: 'resource_user_email', operator: '=', values: ['x'] },
      ]);
    });

    it('that a surface cannot do are kept for the executable to refuse', () => {
      expect(adHoc('scim_updates', 'country')).toEqual([{ field: 'country', operator: '=', values: ['x'] }]);
    });
  });
});

describe('a question about a login', () => {
  const about = (queryType: AccessQuery['queryType'], value: string) =>
    query({ queryType, filters: [{ field: 'ray_id', operator: '=', values: [value] }] });

  it.each([
    ['waits for a variable that holds nothing', 'explain', '$ray', '', true],
    ['waits for one that holds spaces', 'explain', '${ray}', '  ', true],
    ['is asked with its Ray ID', 'explain', '$ray', '8d3f0a1b2c3d4e5f', false],
    ['is asked where it names nothing, to be told so', 'explain', '', '', false],
    ['is asked with a variable that there is not, to be told so', 'explain', '$other', '', false],
    ['alone waits', 'access_requests', '$ray', '', false],
  ] as const)('%s', (_, queryType, text, ray, waits) => {
    expect(awaitsVariable(about(queryType, text), replacerOf({ ray }))).toBe(waits);
  });
});
