import Ajv from 'ajv';
import addFormats from 'ajv-formats';

import {
  catalogue,
  defaultGroupBy,
  findField,
  isQueryType,
  OTHER_FIELD,
  QUERY_TYPES,
  type QueryTypeName,
} from '../catalogue';
import schema from '../catalogue/schema.json';

const validate = addFormats(new Ajv({ allErrors: true, strict: false })).compile(schema);
const each = QUERY_TYPES.map((queryType) => [queryType] as const);

describe.each(each)('%s', (queryType: QueryTypeName) => {
  const surface = catalogue[queryType];

  it('is valid', () => {
    validate(surface);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('is found by its name', () => {
    expect(surface.queryType).toBe(queryType);
    expect(isQueryType(queryType)).toBe(true);
  });

  it('has unique names and labels that cannot be mistaken for each other', () => {
    for (const property of ['name', 'label'] as const) {
      const values = surface.fields.map((field) => field[property]);
      expect(values).toEqual([...new Set(values)]);
    }
    expect(surface.fields.map(({ name }) => name)).not.toEqual(expect.arrayContaining([surface.count]));
    expect(surface.fields.map(({ name }) => name)).not.toEqual(expect.arrayContaining([OTHER_FIELD]));
  });

  if (surface.parts) {
    it('has every column of its parts', () => {
      for (const name of surface.parts?.flatMap(({ fields }) => fields) ?? []) {
        expect(findField(queryType, name)).toBeDefined();
      }
    });
    return;
  }

  if (surface.inventory) {
    it('has no time, so it is a table alone', () => {
      expect(surface.timeField).toBeUndefined();
      expect(surface.formats).toEqual(['table']);
    });
  } else {
    it('has a time field that every row carries', () => {
      expect(findField(queryType, surface.timeField ?? '')).toMatchObject({ kind: 'time', path: expect.any(Array) });
    });
  }

  it('has the filters that it requires', () => {
    for (const name of surface.requiredFilters) {
      expect(findField(queryType, name)?.operators).toContain('=');
    }
  });

  it('derives fields from fields that it has', () => {
    for (const { derived } of surface.fields) {
      expect(derived?.from === undefined || findField(queryType, derived.from)).toBeTruthy();
    }
  });

  it('can tell the value of every column', () => {
    const untold = surface.fields.filter(({ filterOnly, path, derived }) => !filterOnly && !path && !derived);
    expect(untold).toEqual([]);
  });

  it('links to queries that exist', () => {
    for (const link of surface.fields.flatMap(({ links }) => links ?? [])) {
      expect(findField(link.queryType, link.field)).toBeDefined();
    }
  });

  it('pushes only operators that it offers', () => {
    for (const { operators, upstream } of surface.fields) {
      expect(operators).toEqual(expect.arrayContaining(Object.keys(upstream ?? {})));
    }
  });

  it('lists the values of every enumeration', () => {
    const silent = surface.fields.filter(({ suggest, values }) => suggest === 'enum' && !values?.length);
    expect(silent).toEqual([]);
  });

  it('writes log lines of fields that it has', () => {
    for (const [, names] of (surface.logLine ?? '').matchAll(/\{([\w|]+)(?::text)?\}/g)) {
      for (const name of names.split('|')) {
        expect(findField(queryType, name)).toBeDefined();
      }
    }
  });

  if (surface.outcome) {
    const { field, accepted, refused } = surface.outcome;
    it('counts by outcome', () => {
      expect(defaultGroupBy(queryType)).toEqual([field]);
      expect(findField(queryType, field)?.groupable).toBe(true);
      const values = findField(queryType, field)?.values?.map(({ value }) => value);
      expect(values).toEqual(expect.arrayContaining([accepted, refused]));
    });
  }
});
