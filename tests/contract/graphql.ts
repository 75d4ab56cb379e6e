/** Checks recorded GraphQL calls against Cloudflare's schema of Access logins. */
import assert from 'node:assert/strict';
import { execute, parse, validate, type GraphQLSchema } from 'graphql';
import { getVariableValues } from 'graphql/execution/values';
import { Kind, type OperationDefinitionNode } from 'graphql/language';
import { accessSchema } from '../../simulator/tests/accessSchema';
import type { RecordedCall } from './recorder';

/**
 * The excerpt has the types of one node. The way to it, and the node with the account's limits, are as
 * https://developers.cloudflare.com/analytics/graphql-api/limits/ and …/features/discovery/settings/ show them.
 */
const AROUND = `
scalar bytes
scalar Date
scalar float64
scalar string
scalar Time
scalar uint8
scalar uint32
scalar uint64

type Query {
  viewer: Viewer!
}
type Viewer {
  accounts(filter: AccountFilter, limit: uint64): [Account!]!
  budget: uint64
}
input AccountFilter {
  accountTag: string
  accountTag_in: [string!]
}
type Account {
  accountTag: string!
  accessLoginRequestsAdaptiveGroups(
    filter: AccountAccessLoginRequestsAdaptiveGroupsFilter_InputObject
    limit: uint64!
    orderBy: [AccountAccessLoginRequestsAdaptiveGroupsOrderBy!]
  ): [AccountAccessLoginRequestsAdaptiveGroups!]!
  settings: AccountSettings!
}
type AccountSettings {
  accessLoginRequestsAdaptiveGroups: Settings!
}
type Settings {
  availableFields: [string!]!
  enabled: Boolean!
  maxDuration: uint64!
  maxNumberOfFields: uint64!
  maxPageSize: uint64!
  notOlderThan: uint64!
}
`;

interface Request {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

interface Answer {
  data: unknown;
  errors: unknown;
}

export class GraphQlContract {
  private readonly schema: GraphQLSchema;

  constructor(excerpt: string) {
    this.schema = accessSchema(AROUND, excerpt);
  }

  /** What in the call is not as the schema says; empty where all is. */
  async problems(call: RecordedCall): Promise<string[]> {
    const request = JSON.parse(call.requestBody) as Request;
    const document = parse(request.query);
    const problems = validate(this.schema, document).map((error) => error.message);
    const operation = document.definitions.find(
      (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION
    );
    const variables = getVariableValues(this.schema, operation?.variableDefinitions ?? [], request.variables ?? {});
    problems.push(...(variables.errors ?? []).map((error) => error.message));
    const answer = JSON.parse(call.responseBody) as Answer;
    if (problems.length > 0 || call.status !== 200 || !answer.data) {
      return problems;
    }
    // Executed over its own answer, every selected field must be there, and nothing else.
    const again = await execute({
      schema: this.schema,
      document,
      rootValue: answer.data,
      variableValues: request.variables,
      fieldResolver: (source: Record<string, unknown>, _args, _context, info) => source[info.path.key],
    });
    problems.push(...(again.errors ?? []).map((error) => `answer: ${error.message} at ${error.path?.join('.')}`));
    if (problems.length === 0) {
      assert.deepEqual(JSON.parse(JSON.stringify(again.data)), answer.data);
    }
    return problems;
  }
}
