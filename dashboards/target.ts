import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { outcomeFilter } from '../catalogue/index';
import type { AccessQuery, Filter } from '../src/types';

/** What a query asks for. The panel adds the refId and the data source. */
export type Question = Omit<AccessQuery, 'refId'>;

export const PLUGIN_ID = 'cfaccess-logs-datasource';

/** The data source that provisioning/datasources creates. */
export const PROVISIONED = { uid: 'cfaccess', name: 'Cloudflare Access' };

/** The data source that the dashboard's variable chooses. */
export const DATASOURCE: DataSourceRef = { type: PLUGIN_ID, uid: '${datasource}' };

/** A query of a panel. JSON leaves the SDK's marker method out. */
export function target(query: Question, refId = 'A'): Builder<Dataquery> {
  return {
    build: () => ({ refId, datasource: DATASOURCE, ...query, _implementsDataqueryVariant: () => undefined }),
  };
}

export const BLOCKED: Filter = outcomeFilter('access_requests', 'refused');
/** Leaves out logouts, which access requests contain too. */
export const NO_LOGOUTS: Filter = { field: 'action', operator: '!=', values: ['logout'] };
/** Filters that the dashboard's variables fill. If a variable is set to All, the data source drops its filter. */
export const OF_APPLICATION: Filter = { field: 'app_name', operator: '=', values: ['$application'] };
export const OF_COUNTRY: Filter = { field: 'country', operator: '=', values: ['$country'] };

/** Logins that the variables let through. */
export const LOGINS: Filter[] = [NO_LOGOUTS, OF_APPLICATION, OF_COUNTRY];
export const BLOCKED_LOGINS: Filter[] = [BLOCKED, OF_APPLICATION, OF_COUNTRY];

/** How many groups a panel counts at most. An answer that has more says so. */
export const MANY_GROUPS = 10000;
