import { groupableFields, type CatalogueQueryType } from '../../catalogue/index';
import { BOUNDS } from '../../src/query/options/bounds';
import { DURATION_PATTERN } from '../../src/query/options/duration';
import { COMPARE_SHOWS, HAVING_OPERATORS } from '../../src/types';
import { closedObject, type JsonObject } from './json';

/** JSON Schema of what is counted and of what needs history, for query types whose answers hold events. */
export function queryOptions(type: CatalogueQueryType, stepFilters: JsonObject): JsonObject {
  const field: JsonObject = { type: 'string', enum: groupableFields(type.queryType).map(({ name }) => name) };
  const by: JsonObject = {
    description: `Fields that tell ${type.noun.many} apart.`,
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: field,
  };
  return {
    measure: {
      description: `What is counted in each group and bucket: ${type.noun.many} (the default), or the different values of a field.`,
      oneOf: [
        closedObject({ type: { type: 'string', enum: ['count'] } }, ['type']),
        closedObject({ type: { type: 'string', enum: ['distinct'] }, field }, ['type', 'field']),
      ],
    },
    having: {
      description: 'Only groups of a table whose number fulfills this.',
      ...closedObject({ operator: { type: 'string', enum: [...HAVING_OPERATORS] }, value: { type: 'number' } }, [
        'operator',
        'value',
      ]),
    },
    firstSeen: {
      description: `Only ${type.noun.many} before which no other that passes the filters had the same values within the history.`,
      ...closedObject({ by, history: duration(BOUNDS.history) }, ['by', 'history']),
    },
    sequence: {
      description: `Only ${type.noun.many} of the last step that follow those of the earlier steps, in their order.`,
      ...closedObject({ by, steps: steps(stepFilters), within: duration(BOUNDS.within) }, ['by', 'steps', 'within']),
    },
    compare: {
      description: 'Sets each value of a time series beside the mean of the same bucket in the past.',
      ...closedObject(
        {
          shift: duration(BOUNDS.shift),
          times: { description: 'How many earlier values. Default: 1.', type: 'integer', ...range(BOUNDS.times) },
          show: {
            description: 'The one number that is shown. If absent, all of them.',
            type: 'string',
            enum: [...COMPARE_SHOWS],
          },
        },
        ['shift']
      ),
    },
  };
}

/** Which of them can't stand together, or not in every shape of an answer. */
export const OPTION_RULES: JsonObject = {
  dependencies: {
    having: { required: ['groupBy'], properties: { format: { enum: ['table'] }, groupBy: { minItems: 1 } } },
    firstSeen: { not: { required: ['sequence'] } },
    compare: {
      required: ['format'],
      properties: { format: { enum: ['time_series'] } },
      not: { anyOf: [{ required: ['firstSeen'] }, { required: ['sequence'] }] },
    },
  },
};

function range({ least, most }: { least: number; most: number }): JsonObject {
  return { minimum: least, maximum: most };
}

function duration(most: string): JsonObject {
  return {
    description: `A whole number and one of s, m, h, d, w, at most ${most}.`,
    type: 'string',
    pattern: DURATION_PATTERN,
  };
}

function steps(filters: JsonObject): JsonObject {
  return {
    description: 'The last step is a single event.',
    type: 'array',
    minItems: BOUNDS.steps.least,
    maxItems: BOUNDS.steps.most,
    items: closedObject({
      filters,
      atLeast: { description: 'How many at least. Default: 1.', type: 'integer', ...range(BOUNDS.atLeast) },
    }),
  };
}
