import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, PLUGIN_ID, PROVISIONED } from './target';

/** Selects the provisioned data source. If there is none, Grafana selects the first one by name. */
export function dataSourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type(PLUGIN_ID)
    .current({ selected: true, text: PROVISIONED.name, value: PROVISIONED.uid });
}

/** The values of a field of the access requests in the dashboard's time range, of which people can choose several. */
export function fieldVariable(name: string, label: string, field: string): QueryVariableBuilder {
  const queryType = 'access_requests';
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ refId: name, queryType, field })
    .definition(`${queryType}: ${field}`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalCaseInsensitiveAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
