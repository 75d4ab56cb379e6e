import Ajv from 'ajv';
import addFormats from 'ajv-formats';

import {
  catalogue,
  COUNT_FIELD,
  findField,
  isQueryType,
  OPERATORS,
  OTHER_FIELD,
  QUERY_TYPES,
  type Kind,
  type QueryTypeName,
  type SuggestionSource,
} from '../catalogue';
import schema from '../catalogue/schema.json';

const validate = addFormats(new Ajv({ allErrors: true, strict: false })).compile(schema);
const each = QUERY_TYPES.map((queryType) => [queryType] as const);
const { properties } = schema.definitions.field;

// The compiler holds these lists to the types; the tests hold them to the schema.
const KINDS = Object.keys({
  time: 1,
  string: 1,
  boolean: 1,
  enum: 1,
  email: 1,
  ip: 1,
  country: 1,
  rayId: 1,
  uuid: 1,
  json: 1,
  number: 1,
  duration: 1,
} satisfies Record<Kind, 1>);
const SOURCES = Object.keys({
  none: 1,
  enum: 1,
  rows: 1,
  users: 1,
  apps: 1,
  'identity-providers': 1,
  'service-tokens': 1,
} satisfies Record<SuggestionSource, 1>);

describe('the schema and TypeScript', () => {
  it('name the same operators', () => expect([...OPERATORS]).toEqual(schema.definitions.operator.enum));
  it('name the same kinds', () => expect(KINDS).toEqual(properties.kind.enum));
  it('name the same sources of suggestions', () => expect(SOURCES).toEqual(properties.suggest.enum));
  it('know a query type for each file', () => {
    expect(Object.keys(catalogue).sort()).toEqual([...QUERY_TYPES].sort());
  });
});

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
    expect(surface.fields.map(({ name }) => name)).not.toEqual(expect.arrayContaining([COUNT_FIELD]));
    expect(surface.fields.map(({ name }) => name)).not.toEqual(expect.arrayContaining([OTHER_FIELD]));
  });

  it('has a time field that every row carries', () => {
    expect(findField(queryType, surface.timeField)).toMatchObject({ kind: 'time', path: expect.any(Array) });
  });

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
    for (const [, name] of surface.logLine.matchAll(/\{(\w+)\}/g)) {
      expect(findField(queryType, name)).toBeDefined();
    }
  });

  it('counts by outcome', () => expect(findField(queryType, 'outcome')?.groupable).toBe(true));
});
