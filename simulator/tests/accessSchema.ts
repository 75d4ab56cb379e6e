import { buildSchema, type GraphQLSchema } from 'graphql';

const TYPE = 'AccountAccessLoginRequestsAdaptiveGroups';
const OPERATORS = ['', '_geq', '_gt', '_leq', '_lt', '_neq'];

/** Cloudflare's excerpt is of 2024; its schema of December 2025 has this dimension as well. */
const ADDED = `
extend type ${TYPE}Dimensions {
  serviceTokenVersion: uint64!
}
extend input ${TYPE}Filter_InputObject {
${OPERATORS.map((operator) => `  serviceTokenVersion${operator}: uint64`).join('\n')}
  serviceTokenVersion_in: [uint64!]
  serviceTokenVersion_notin: [uint64!]
}
extend enum ${TYPE}OrderBy {
  serviceTokenVersion_ASC
  serviceTokenVersion_DESC
}
`;

/** Cloudflare's types of Access logins, below types that lead to them. */
export function accessSchema(around: string, excerpt: string): GraphQLSchema {
  // The excerpt ends with the description of a type that is not in it.
  return buildSchema(around + excerpt.replace(/"""[^"]*"""\s*$/, '') + ADDED);
}
