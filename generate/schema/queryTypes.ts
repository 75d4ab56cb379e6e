import {
  catalogue,
  OPERATORS,
  OTHER_FIELD,
  columns,
  defaultGroupBy,
  filterableFields,
  formatsOf,
  groupableFields,
  type AnswerPart,
  type CatalogueField,
  type CatalogueQueryType,
  type Operator,
} from '../../catalogue/index';
import { DEFAULT_LIMIT } from '../../src/types';
import { closedObject, type Json, type JsonObject } from './json';
import { OPTION_RULES, queryOptions } from './queryOptions';

/** Bounds of every query. pkg/query has the same. */
const MAX_FILTERS = 50;
const MAX_VALUES = 1000;
const MAX_VALUE_LENGTH = 2048;

/** The draft that Grafana's API server understands. */
const DRAFT = 'https://json-schema.org/draft-04/schema#';

/** One definition for each query type, distinguished by queryType. */
export function queryTypes(): JsonObject {
  return {
    kind: 'QueryTypeDefinitionList',
    apiVersion: 'datasource.grafana.app/v0alpha1',
    metadata: {},
    items: Object.values(catalogue).map((type) => ({
      metadata: { name: type.queryType },
      spec: {
        discriminators: [{ field: 'queryType', value: type.queryType }],
        description: `${type.title}: ${type.description}. Needs ${type.permission}. Retention: ${type.retention.text}.`,
        schema: querySchema(type),
      },
    })),
  };
}

/** JSON Schema of a query of one type, without the properties that all of Grafana's queries share. */
export function querySchema(type: CatalogueQueryType): JsonObject {
  const names = (fields: CatalogueField[]): string[] => fields.map((field) => field.name);
  const [outcome] = defaultGroupBy(type.queryType);
  const ungrouped = outcome
    ? `If absent, a time series is counted by ${outcome}. If empty, it is one series.`
    : 'If absent or empty, a time series is one series.';
  const required = type.requiredFilters.length > 0 ? ['filters'] : [];
  const asked: JsonObject = {
    format: {
      description: 'Shape of the answer. Default: table.',
      type: 'string',
      enum: [...formatsOf(type.queryType)],
    },
    filters: {
      description: `Conditions that every ${type.noun.one} must meet.`,
      ...filterList({ oneOf: filterableFields(type.queryType).map(filterSchema) }),
      ...requiredFilters(type),
    },
  };
  if (type.parts) {
    return { $schema: DRAFT, ...closedObject({ ...asked, part: partSchema(type.parts) }, ['filters']) };
  }
  const properties: JsonObject = {
    ...asked,
    groupBy: {
      description: `Fields to count ${type.noun.many} by. ${ungrouped}`,
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', enum: names(groupableFields(type.queryType)) },
    },
    fields: {
      description: 'Columns in their order. If absent or empty, all columns.',
      type: 'array',
      uniqueItems: true,
      items: {
        type: 'string',
        enum: [...names(columns(type.queryType)), ...(type.api === 'rest' ? [OTHER_FIELD] : [])],
      },
    },
    direction: {
      description: 'Newest first (desc, the default) or oldest first.',
      type: 'string',
      enum: ['desc', 'asc'],
    },
    limit: {
      description: `Rows of a table or of logs, after filtering. Default: ${DEFAULT_LIMIT}. Never cuts what is counted.`,
      type: 'integer',
      minimum: 1,
    },
    ...queryOptions(type, stepFilters(type)),
  };
  return { $schema: DRAFT, ...closedObject(properties, required), ...OPTION_RULES };
}

function partSchema(parts: AnswerPart[]): JsonObject {
  const meanings = parts.map(({ name, description }) => `${name}: ${description}`);
  return {
    description: `The one part of the answer that is asked for. If absent, all parts. ${meanings.join(' ')}`,
    type: 'string',
    enum: parts.map(({ name }) => name),
  };
}

function filterList(items: JsonObject): JsonObject {
  return { type: 'array', maxItems: MAX_FILTERS, items };
}

function filterSchema(field: CatalogueField): JsonObject {
  const examples = (field.values ?? []).map((value) => value.value);
  return {
    description: `${field.label}: ${field.description}`,
    ...conditionSchema([field.name], field.operators, examples),
  };
}

/** Filters of a step, in short: what each field takes is said once, at the filters of the query. */
function stepFilters(type: CatalogueQueryType): JsonObject {
  const fields = filterableFields(type.queryType).map((field) => field.name);
  return {
    description: `Conditions that ${type.noun.many} of this step must meet, as in filters.`,
    ...filterList(conditionSchema(fields, OPERATORS)),
  };
}

function conditionSchema(fields: string[], operators: readonly Operator[], examples: Json[] = []): JsonObject {
  return closedObject(
    {
      field: { type: 'string', enum: fields },
      operator: { type: 'string', enum: [...operators] },
      values: {
        description: 'Positive operators match if any of the values matches, negative ones if none does.',
        type: 'array',
        minItems: 1,
        maxItems: MAX_VALUES,
        items: { type: 'string', maxLength: MAX_VALUE_LENGTH, ...(examples.length > 0 && { examples }) },
      },
    },
    ['field', 'operator', 'values']
  );
}

/** Draft 4 has no "contains", so this says that not all items of the list are for other fields. */
function requiredFilters(type: CatalogueQueryType): JsonObject {
  if (type.requiredFilters.length === 0) {
    return {};
  }
  return {
    minItems: 1,
    allOf: type.requiredFilters.map((name) => ({
      not: { items: { properties: { field: { not: { enum: [name] } } } } },
    })),
  };
}
