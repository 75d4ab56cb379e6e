import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import type { AccessQuery, Filter } from '../src/types';

/** What a query asks; refId and data source are the panel's. */
export type Question = Omit<AccessQuery, 'refId'>;

export const PLUGIN_ID = 'cfaccess-logs-datasource';

/** The data source that provisioning/datasources makes. */
export const PROVISIONED = { uid: 'cfaccess', name: 'Cloudflare Access' };

/** The data source that the dashboard's variable chooses. */
export const DATASOURCE: DataSourceRef = { type: PLUGIN_ID, uid: '${datasource}' };

/** A query of a panel. JSON leaves the SDK's marker method out. */
export function target(query: Question, refId = 'A'): Builder<Dataquery> {
  return {
    build: () => ({ refId, datasource: DATASOURCE, ...query, _implementsDataqueryVariant: () => undefined }),
  };
}

export const BLOCKED: Filter = { field: 'outcome', operator: '=', values: ['blocked'] };
/** Access requests hold logouts too. */
export const NO_LOGOUTS: Filter = { field: 'action', operator: '!=', values: ['logout'] };
/** Filters that the dashboard's variables fill; one that stands on All is dropped by the data source. */
export const OF_APPLICATION: Filter = { field: 'app_name', operator: '=', values: ['$application'] };
export const OF_COUNTRY: Filter = { field: 'country', operator: '=', values: ['$country'] };

/** Logins that the variables let through. */
export const LOGINS: Filter[] = [NO_LOGOUTS, OF_APPLICATION, OF_COUNTRY];
export const BLOCKED_LOGINS: Filter[] = [BLOCKED, OF_APPLICATION, OF_COUNTRY];

/** Groups that a panel counts at most; an answer that has more says so. */
export const MANY_GROUPS = 10000;
