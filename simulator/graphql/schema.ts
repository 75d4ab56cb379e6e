import { buildSchema, GraphQLError, GraphQLScalarType, Kind, type GraphQLSchema, type ValueNode } from 'graphql';
import { parseTimeUs } from '../http/query';
import { DIMENSIONS, OPERATORS, type DimensionType } from './dimensions';

export const DATASET = 'accessLoginRequestsAdaptiveGroups';
const TYPE = 'AccountAccessLoginRequestsAdaptiveGroups';

/** Sets of 0/1 values are one scalar of bytes upstream, not a list. */
function operandType(type: DimensionType, operator: string): string {
  if (operator !== '_in' && operator !== '_notin') {
    return type;
  }
  return type === 'uint8' ? 'bytes' : `[${type}!]`;
}

function sdl(): string {
  const inputs = DIMENSIONS.flatMap(({ name, type }) =>
    OPERATORS[type].map((operator) => `  ${name}${operator}: ${operandType(type, operator)}`)
  );
  const sortable = [...DIMENSIONS.map(({ name }) => name), 'count', 'avg_sampleInterval'];
  const orders = sortable.flatMap((name) => [`  ${name}_ASC`, `  ${name}_DESC`]);
  return `
scalar string
scalar uint64
scalar uint8
scalar float64
scalar bytes
scalar bool
scalar Date
scalar Time

type Query {
  viewer: viewer
  "Cost of this query"
  cost: uint64!
}

type viewer {
  accounts(filter: AccountFilter_InputObject): [account!]
  "What is left to spend"
  budget: uint64!
}

input AccountFilter_InputObject {
  accountTag: string
  accountTag_in: [string!]
}

type account {
  accountTag: string!
  settings: AccountSettings
  ${DATASET}(
    filter: ${TYPE}Filter_InputObject!
    limit: uint64!
    orderBy: [${TYPE}OrderBy!]
  ): [${TYPE}!]!
}

type AccountSettings {
  ${DATASET}: Settings
}

type Settings {
  enabled: bool!
  availableFields: [string!]
  "Seconds"
  maxDuration: uint64!
  maxNumberOfFields: uint64!
  maxPageSize: uint64!
  "Seconds"
  notOlderThan: uint64!
}

type ${TYPE} {
  avg: ${TYPE}Avg
  "Logins in the group"
  count: uint64!
  dimensions: ${TYPE}Dimensions
}

type ${TYPE}Avg {
  "Average of how many events one stands for"
  sampleInterval: float64!
}

type ${TYPE}Dimensions {
${DIMENSIONS.map(({ name, type, about }) => `  "${about}"\n  ${name}: ${type}!`).join('\n')}
}

input ${TYPE}Filter_InputObject {
  AND: [${TYPE}Filter_InputObject!]
  OR: [${TYPE}Filter_InputObject!]
${inputs.join('\n')}
}

enum ${TYPE}OrderBy {
${orders.join('\n')}
}
`;
}

function wrong(type: string, value: unknown): GraphQLError {
  return new GraphQLError(`error parsing args: ${JSON.stringify(value)} is not a ${type}`);
}

const PARSERS: Readonly<Record<string, (value: unknown) => string | number | boolean | undefined>> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  bytes: (value) => (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  float64: (value) => (typeof value === 'number' ? value : undefined),
  uint64: (value) => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined),
  uint8: (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 256 ? value : undefined,
  Date: (value) => (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined),
  Time: (value) => (typeof value === 'string' && parseTimeUs(value) !== undefined ? value : undefined),
};

function literal(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.STRING:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.BOOLEAN:
      return node.value;
    default:
      return undefined;
  }
}

/** Gives the schema's scalars their meaning; they are lower-case and custom upstream, too. */
function withScalars(schema: GraphQLSchema): GraphQLSchema {
  for (const [name, parse] of Object.entries(PARSERS)) {
    const type = schema.getType(name);
    if (!(type instanceof GraphQLScalarType)) {
      throw new Error(`The schema has no scalar ${name}.`);
    }
    const check = (value: unknown) => {
      const parsed = parse(value);
      if (parsed === undefined) {
        throw wrong(name, value);
      }
      return parsed;
    };
    type.parseValue = check;
    type.parseLiteral = (node) => check(literal(node));
    type.serialize = (value) => value;
  }
  return schema;
}

export const SDL = sdl();
export const SCHEMA = withScalars(buildSchema(SDL));
