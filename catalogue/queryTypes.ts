// Made by npm run generate from the JSON files beside it. Change those, not this file.

import type { CatalogueQueryType, Operator, QueryTypeName } from './types';
import access_requests from './access_requests.json';
import failed_logins from './failed_logins.json';
import scim_updates from './scim_updates.json';
import login_groups from './login_groups.json';
import explain from './explain.json';
import active_sessions from './active_sessions.json';
import access_changes from './access_changes.json';
import jit_requests from './jit_requests.json';
import service_tokens from './service_tokens.json';
import certificates from './certificates.json';
import applications from './applications.json';

/** Every query type, in the order in which editors show them. */
export const QUERY_TYPES: readonly QueryTypeName[] = [
  'access_requests',
  'failed_logins',
  'scim_updates',
  'login_groups',
  'explain',
  'active_sessions',
  'access_changes',
  'jit_requests',
  'service_tokens',
  'certificates',
  'applications',
];

/** A query type whose answers hold events, which have a time. The answers of the others have parts, or are an inventory. */
export type EventTypeName =
  | 'access_requests'
  | 'failed_logins'
  | 'scim_updates'
  | 'login_groups'
  | 'active_sessions'
  | 'access_changes'
  | 'jit_requests';

/** Every query type whose answers hold events, in the order in which editors show them. */
export const EVENT_TYPES: readonly EventTypeName[] = [
  'access_requests',
  'failed_logins',
  'scim_updates',
  'login_groups',
  'active_sessions',
  'access_changes',
  'jit_requests',
];

/** Every operator, in the order in which editors show them. */
export const OPERATORS: readonly Operator[] = [
  '=',
  '!=',
  'contains',
  '!contains',
  '=~',
  '!~',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  '!in',
];

export const catalogue: Record<QueryTypeName, CatalogueQueryType> = {
  access_requests,
  failed_logins,
  scim_updates,
  login_groups,
  explain,
  active_sessions,
  access_changes,
  jit_requests,
  service_tokens,
  certificates,
  applications,
};
