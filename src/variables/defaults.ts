import { type VariableQuery } from './types';

/** Where a new query variable starts. */
export const DEFAULT_VARIABLE_QUERY = {
  queryType: 'access_requests',
  field: 'user_email',
} satisfies Partial<VariableQuery>;
