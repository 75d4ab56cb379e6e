/**
 * What can be asked of Cloudflare Access. The JSON files beside this one are the only place where
 * query types, fields and operators are written; catalogue.go is this loader's twin for the executable.
 */
import accessRequests from './access_requests.json';
import failedLogins from './failed_logins.json';
import loginGroups from './login_groups.json';
import scimUpdates from './scim_updates.json';

export const QUERY_TYPES = ['access_requests', 'failed_logins', 'scim_updates', 'login_groups'] as const;
export type QueryTypeName = (typeof QUERY_TYPES)[number];

export const OPERATORS = ['=', '!=', 'contains', '!contains', '=~', '!~', '<', '<=', '>', '>='] as const;
export type Operator = (typeof OPERATORS)[number];

export type Kind =
  | 'time'
  | 'string'
  | 'boolean'
  | 'enum'
  | 'email'
  | 'ip'
  | 'country'
  | 'rayId'
  | 'uuid'
  | 'json'
  | 'number'
  | 'duration';

export type SuggestionSource = 'none' | 'enum' | 'rows' | 'users' | 'apps' | 'identity-providers' | 'service-tokens';

/** Name of the count column of grouped tables and series. */
export const COUNT_FIELD = 'logins';
/** JSON column with what an upstream row holds beyond the catalogue. */
export const OTHER_FIELD = 'other';

export interface FieldValue {
  value: string;
  text: string;
  color?: string;
}

export interface FieldLink {
  title: string;
  queryType: QueryTypeName;
  field: string;
}

/** One field of a query type; schema.json describes every property. */
export interface CatalogueField {
  name: string;
  label: string;
  description: string;
  kind: Kind;
  path?: string[];
  derived?: { from?: string; values?: Record<string, string>; otherwise?: string; constant?: string };
  operators: Operator[];
  upstream?: Partial<Record<Operator, Record<string, string | string[]>>>;
  graphqlType?: 'string' | 'Time' | 'Date' | 'uint8';
  documented?: boolean;
  optional?: boolean;
  filterOnly?: boolean;
  extra?: boolean;
  groupable: boolean;
  personal?: boolean;
  suggest?: SuggestionSource;
  values?: FieldValue[];
  links?: FieldLink[];
}

/** One surface of Cloudflare Access that can be queried. */
export interface CatalogueQueryType {
  queryType: QueryTypeName;
  title: string;
  description: string;
  noun: { one: string; many: string };
  api: 'rest' | 'graphql';
  endpoint: string;
  permission: string;
  permissionNote?: string;
  retention: { text: string; maxDays?: number };
  documentation: string;
  timeField: string;
  requiredFilters: string[];
  logLine: string;
  fields: CatalogueField[];
}

// JSON modules widen literals to string; generate/schema.test.ts holds each file against schema.json, which is stricter than these types.
export const catalogue = {
  access_requests: accessRequests as unknown as CatalogueQueryType,
  failed_logins: failedLogins as unknown as CatalogueQueryType,
  scim_updates: scimUpdates as unknown as CatalogueQueryType,
  login_groups: loginGroups as unknown as CatalogueQueryType,
} satisfies Record<QueryTypeName, CatalogueQueryType>;

export function isQueryType(name: unknown): name is QueryTypeName {
  return QUERY_TYPES.some((known) => known === name);
}

export function findField(queryType: QueryTypeName, name: string): CatalogueField | undefined {
  return catalogue[queryType].fields.find((field) => field.name === name);
}

/** Fields that rows carry, in the order of their columns. */
export function columns(queryType: QueryTypeName): CatalogueField[] {
  return catalogue[queryType].fields.filter((field) => !field.filterOnly);
}

/** Fields that events can be counted by. */
export function groupableFields(queryType: QueryTypeName): CatalogueField[] {
  return catalogue[queryType].fields.filter((field) => field.groupable);
}
