import {
  execute,
  GraphQLError,
  Kind,
  parse,
  specifiedRules,
  validate,
  VariablesInAllowedPositionRule,
  visit,
  type DocumentNode,
  type GraphQLResolveInfo,
} from 'graphql';
import type { CallContext, Endpoint } from '../http/context';
import { json, type Reply } from '../http/envelope';
import { availableFields, loginGroups, type GroupArguments } from './groups';
import { DATASET, SCHEMA } from './schema';
import { selectedFields } from './selection';

/** Cloudflare's own example passes `string` variables where a Time is wanted, so that rule is not kept. */
const RULES = specifiedRules.filter((rule) => rule !== VariablesInAllowedPositionRule);

interface GraphqlRequest {
  query: string;
  variables: Record<string, unknown>;
  operationName?: string;
}

function readRequest(body: string): GraphqlRequest {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new GraphQLError('error parsing args: the body is not JSON');
  }
  const { query, variables, operationName } = (value ?? {}) as Record<string, unknown>;
  if (typeof query !== 'string' || query.trim() === '') {
    throw new GraphQLError('error parsing args: query is missing');
  }
  return {
    query,
    variables: typeof variables === 'object' && variables !== null ? (variables as Record<string, unknown>) : {},
    operationName: typeof operationName === 'string' ? operationName : undefined,
  };
}

function countNodes(document: DocumentNode): number {
  let nodes = 0;
  visit(document, {
    Field: (field) => {
      if (field.name.value === DATASET && field.selectionSet && field.arguments?.length) {
        nodes++;
      }
    },
  });
  return nodes;
}

function accountTags(filter: unknown): string[] {
  const { accountTag, accountTag_in: several } = (filter ?? {}) as Record<string, unknown>;
  if (typeof accountTag === 'string') {
    return [accountTag];
  }
  return Array.isArray(several) ? several.map(String) : [];
}

/** Resolvers as a root value: graphql-js calls functions found on values with (args, context, info). */
function rootValue(call: CallContext, cost: number): unknown {
  const seen = new Set<string>();
  return {
    cost,
    viewer: {
      budget: call.budget,
      accounts: (args: { filter?: unknown }) => {
        const tags = accountTags(args.filter);
        tags.forEach((tag) => seen.add(tag));
        if (tags.length === 0 || seen.size > 1) {
          throw new GraphQLError('too many nodes, zones and accounts: a query must name exactly one account');
        }
        if (
          !call.credential.accounts.includes(tags[0]) ||
          !call.credential.permissions.includes('Account Analytics Read')
        ) {
          throw new GraphQLError('not authorized for that account', { extensions: { code: 'authz' } });
        }
        return tags.map((tag) => account({ ...call, params: { account_id: tag } }));
      },
    },
  };
}

function account(call: CallContext): unknown {
  const { personality } = call;
  return {
    accountTag: call.params.account_id,
    settings: {
      [DATASET]: {
        enabled: personality.graphqlEnabled,
        availableFields: availableFields(personality.graphqlUnavailable),
        maxDuration: personality.graphqlMaxDuration,
        maxNumberOfFields: personality.graphqlMaxFields,
        maxPageSize: personality.graphqlMaxPageSize,
        notOlderThan: personality.graphqlNotOlderThan,
      },
    },
    [DATASET]: (args: GroupArguments, _context: unknown, info: GraphQLResolveInfo) => {
      const fields = selectedFields(info);
      const dimensions = [...fields].flatMap((name) => (name.startsWith('dimensions.') ? [name.slice(11)] : []));
      return loginGroups(call, args, dimensions, fields.size);
    },
  };
}

function errorText(error: GraphQLError): string {
  const unknown = /^Cannot query field "(\w+)"/.exec(error.message);
  if (unknown) {
    return `unknown field "${unknown[1]}"`;
  }
  // Parse and validation errors have no path; those of the limits do, and carry Cloudflare's text.
  return error.path || /^(error parsing args|too many nodes)/.test(error.message)
    ? error.message
    : `error parsing args: ${error.message}`;
}

function statusOf(call: CallContext, errors: readonly GraphQLError[]): number {
  if (call.personality.graphqlErrorStatus === 'ok') {
    return 200;
  }
  return errors.some((error) => error.extensions.code === 'authz') ? 403 : 400;
}

/** Errors come with HTTP 200 by default, and without any data. */
export function graphqlErrors(call: CallContext, errors: readonly GraphQLError[]): Reply {
  const timestamp = new Date(call.nowUs / 1000).toISOString();
  const list = errors.map((error) => ({
    message: errorText(error),
    path: error.path ? error.path.map(String) : null,
    extensions: { timestamp, ...error.extensions },
  }));
  return json(statusOf(call, errors), { data: null, errors: list });
}

async function answer(call: CallContext): Promise<Reply> {
  let document: DocumentNode;
  let request: GraphqlRequest;
  try {
    request = readRequest(call.body);
    document = parse(request.query);
  } catch (error) {
    return graphqlErrors(call, [error instanceof GraphQLError ? error : new GraphQLError(String(error))]);
  }
  if (document.definitions.some((d) => d.kind === Kind.OPERATION_DEFINITION && d.operation !== 'query')) {
    return graphqlErrors(call, [new GraphQLError('error parsing args: only queries are allowed')]);
  }
  const problems = validate(SCHEMA, document, RULES);
  if (problems.length > 0) {
    return graphqlErrors(call, problems);
  }
  const nodes = countNodes(document);
  if (nodes > call.personality.graphqlMaxNodes) {
    return graphqlErrors(call, [
      new GraphQLError(
        `too many nodes, zones and accounts: ${nodes} nodes, at most ${call.personality.graphqlMaxNodes}`
      ),
    ]);
  }
  const { data, errors } = await execute({
    schema: SCHEMA,
    document,
    rootValue: rootValue(call, nodes),
    variableValues: request.variables,
    operationName: request.operationName,
  });
  return errors && errors.length > 0 ? graphqlErrors(call, errors) : json(200, { data, errors: null });
}

export const graphqlEndpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/graphql', surface: 'graphql', handle: answer },
];
