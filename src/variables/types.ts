import { type DataQuery } from '@grafana/schema';

import { type QueryTypeName } from '../../catalogue';

/** A query variable: the values that a field has in the time range, most frequent first. */
export interface VariableQuery extends DataQuery {
  queryType?: QueryTypeName;
  field?: string;
  /** The beginning of the values. */
  prefix?: string;
}
