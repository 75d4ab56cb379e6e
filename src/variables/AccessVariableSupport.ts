import {
  CustomVariableSupport,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type MetricFindValue,
  type ScopedVars,
  type TimeRange,
} from '@grafana/data';
import { from, type Observable } from 'rxjs';

import { findField } from '../../catalogue';
import { interpolateText, type Replacer } from '../query/interpolate';
import { matching, fetchValues, suggestValues, type ResourceReader } from '../query/suggestions';
import { type AccessOptions, type AccessQuery } from '../types';
import { DEFAULT_VARIABLE_QUERY } from './defaults';
import { type VariableQuery } from './types';
import { VariableEditor } from './VariableEditor';

/** The values of a variable: those of the events in the range, beside what the catalogue or the account lists. */
export async function variableValues(
  reader: ResourceReader,
  replacer: Replacer,
  query: VariableQuery,
  scopedVars: ScopedVars,
  range?: TimeRange
): Promise<MetricFindValue[]> {
  const { queryType, field, prefix } = { ...DEFAULT_VARIABLE_QUERY, ...query };
  const known = findField(queryType, field);
  const prefixes = interpolateText(prefix ?? '', replacer, scopedVars);
  const lists = await Promise.all(
    prefixes.map(async (start) => {
      if (known && known.suggest !== 'rows' && known.kind !== 'email') {
        return matching(await suggestValues(reader, queryType, known, start, range), start);
      }
      return fetchValues(reader, queryType, field, start, range);
    })
  );
  const seen = new Set<string>();
  return lists.flat().flatMap(({ text, value }) => (seen.has(value) ? [] : (seen.add(value), [{ text, value }])));
}

/** Query variables: a surface, a field and a prefix. */
export class AccessVariableSupport extends CustomVariableSupport<
  DataSourceApi<AccessQuery, AccessOptions>,
  VariableQuery,
  AccessQuery
> {
  editor = VariableEditor;

  constructor(
    private readonly datasource: ResourceReader,
    private readonly replacer: Replacer
  ) {
    super();
  }

  query(request: DataQueryRequest<VariableQuery>): Observable<DataQueryResponse> {
    const [query] = request.targets;
    const values = variableValues(this.datasource, this.replacer, query, request.scopedVars, request.range);
    return from(values.then((data) => ({ data })));
  }

  getDefaultQuery() {
    return DEFAULT_VARIABLE_QUERY;
  }
}
