import {
  type AdHocVariableFilter,
  type CoreApp,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type DataSourceWithQueryModificationSupport,
  type DataSourceWithSupplementaryQueriesSupport,
  type DataSourceWithToggleableQueryFiltersSupport,
  type QueryFilterOptions,
  type QueryFixAction,
  type ScopedVars,
  type SupplementaryQueryOptions,
  type SupplementaryQueryType,
  type ToggleFilterAction,
} from '@grafana/data';
import { DataSourceWithBackend, getTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import { map, type Observable } from 'rxjs';

import { tagKeys, tagValues } from './adhoc/tags';
import { annotations } from './annotations/annotations';
import {
  asksLogsVolume,
  logsVolumeQuery,
  logsVolumeRequest,
  splitLogsVolume,
  SUPPLEMENTARY_QUERY_TYPES,
} from './explore/logsVolume';
import { withLinkRange } from './explore/linkRange';
import { modifyQuery, QUERY_MODIFICATIONS, queryHasFilter, toggleQueryFilter } from './explore/toggleFilters';
import { displayText } from './query/displayText';
import { awaitsVariable, interpolateQuery } from './query/interpolate';
import { defaultQuery } from './query/model';
import { DEFAULT_MAX_ROWS, type AccessOptions, type AccessQuery } from './types';
import { AccessVariableSupport } from './variables/AccessVariableSupport';

/** Grafana's view of the data source. It only delegates: each capability is in its own folder. */
export class AccessDataSource
  extends DataSourceWithBackend<AccessQuery, AccessOptions>
  implements
    DataSourceWithSupplementaryQueriesSupport<AccessQuery>,
    DataSourceWithToggleableQueryFiltersSupport<AccessQuery>,
    DataSourceWithQueryModificationSupport<AccessQuery>
{
  /** The largest limit of a query. */
  readonly maxRows: number;
  /** Whether the executable masks identities. */
  readonly masked: boolean;

  constructor(
    settings: DataSourceInstanceSettings<AccessOptions>,
    private readonly templateSrv: TemplateSrv = getTemplateSrv()
  ) {
    super(settings);
    this.maxRows = settings.jsonData.maxRows ?? DEFAULT_MAX_ROWS;
    this.masked = (settings.jsonData.maskIdentities ?? 'none') !== 'none';
    this.annotations = annotations;
    this.variables = new AccessVariableSupport(this, templateSrv);
  }

  getDefaultQuery(app: CoreApp): Partial<AccessQuery> {
    return defaultQuery(app);
  }

  getQueryDisplayText(query: AccessQuery): string {
    return displayText(query);
  }

  /**
   * A query that lacks something is sent too, so that the panel shows what is missing and not "No data". One that waits
   * for its login has nothing to ask yet: the panel shows its own text.
   */
  filterQuery(query: AccessQuery): boolean {
    return !query.hide && !awaitsVariable(query, this.templateSrv);
  }

  query(request: DataQueryRequest<AccessQuery>): Observable<DataQueryResponse> {
    const response = super.query(request).pipe(map((answer) => withLinkRange(answer, request.range)));
    return asksLogsVolume(request) ? response.pipe(map((answer) => splitLogsVolume(answer, request))) : response;
  }

  applyTemplateVariables(query: AccessQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): AccessQuery {
    return interpolateQuery(query, this.templateSrv, scopedVars, filters);
  }

  interpolateVariablesInQueries(
    queries: AccessQuery[],
    scopedVars: ScopedVars,
    filters?: AdHocVariableFilter[]
  ): AccessQuery[] {
    return queries.map((query) => ({
      ...this.applyTemplateVariables(query, scopedVars, filters),
      datasource: this.getRef(),
    }));
  }

  async getTagKeys(options?: DataSourceGetTagKeysOptions<AccessQuery>) {
    return tagKeys(options?.queries);
  }

  getTagValues(options: DataSourceGetTagValuesOptions<AccessQuery>) {
    return tagValues(this, options.key, options.timeRange, options.queries);
  }

  getSupportedSupplementaryQueryTypes(): SupplementaryQueryType[] {
    return SUPPLEMENTARY_QUERY_TYPES;
  }

  getSupplementaryQuery(options: SupplementaryQueryOptions, query: AccessQuery): AccessQuery | undefined {
    return logsVolumeQuery(options, query);
  }

  getSupplementaryRequest(type: SupplementaryQueryType, request: DataQueryRequest<AccessQuery>) {
    return logsVolumeRequest(type, request);
  }

  toggleQueryFilter(query: AccessQuery, filter: ToggleFilterAction): AccessQuery {
    return toggleQueryFilter(query, filter);
  }

  queryHasFilter(query: AccessQuery, filter: QueryFilterOptions): boolean {
    return queryHasFilter(query, filter);
  }

  modifyQuery(query: AccessQuery, action: QueryFixAction): AccessQuery {
    return modifyQuery(query, action);
  }

  getSupportedQueryModifications(): string[] {
    return QUERY_MODIFICATIONS;
  }
}
