import { type DataSourceJsonData } from '@grafana/data';
import { type DataQuery } from '@grafana/schema';

import { type Operator, type QueryTypeName } from '../catalogue';

export const FORMATS = ['time_series', 'table', 'logs'] as const;
export type Format = (typeof FORMATS)[number];

export type Direction = 'desc' | 'asc';

/** A condition on one field. Positive operators need a match with any of the values, negative ones with none. */
export interface Filter {
  field: string;
  operator: Operator;
  values: string[];
}

/** What is counted in each group and bucket: events, or the different values of a field. */
export type Measure = { type: 'count' } | { type: 'distinct'; field: string };

/** Operators that compare a measure with a number. */
export const HAVING_OPERATORS = ['>=', '>', '=', '!=', '<', '<='] as const satisfies readonly Operator[];

/** Keeps the groups of a table whose measure fulfills this. */
export interface Having {
  operator: (typeof HAVING_OPERATORS)[number];
  /** A number, or a text with a template variable in it. */
  value: number | string;
}

/** Keeps the events before which no other with the same values of these fields came within the history. */
export interface FirstSeen {
  by: string[];
  /** A whole number and one of s, m, h, d, w, as all durations of a query. */
  history: string;
}

/** A step of a sequence: that at least so many events pass the filters. Absent means one. */
export interface Step {
  filters?: Filter[];
  atLeast?: number;
}

/** Keeps the events of the last step that follow those of the earlier steps, for the same values of these fields. */
export interface Sequence {
  by: string[];
  steps: Step[];
  within: string;
}

export const COMPARE_SHOWS = ['value', 'baseline', 'deviation'] as const;

/** Sets each bucket of a series beside the same one so long ago, so many times (absent: once). */
export interface Compare {
  shift: string;
  times?: number;
  /** The one number that is shown. Absent means all. */
  show?: (typeof COMPARE_SHOWS)[number];
}

/** What is counted, and what needs history: the parts of a query that are not there unless somebody asks for them. */
export interface QueryOptions {
  measure?: Measure;
  having?: Having;
  firstSeen?: FirstSeen;
  sequence?: Sequence;
  compare?: Compare;
}

/** What a panel, an Explore row or an alert rule asks; pkg/query reads the same JSON. */
export interface AccessQuery extends DataQuery, QueryOptions {
  queryType?: QueryTypeName;
  format?: Format;
  filters?: Filter[];
  groupBy?: string[];
  /** The columns in their order. Absent or empty means all. */
  fields?: string[];
  direction?: Direction;
  limit?: number;
  /** The one part of the answer that is asked for, where answers have parts. Absent means all. */
  part?: string;
}

/** What a query asks, without what says where it goes. */
export type Question = Omit<AccessQuery, keyof DataQuery> & Pick<AccessQuery, 'queryType'>;

/** A query that spells out its surface, its format, and its lists. */
export type FullQuery = AccessQuery &
  Required<Pick<AccessQuery, 'queryType' | 'format' | 'filters' | 'groupBy' | 'fields'>>;

/** Why an answer is not complete; pkg/answer has the same list. */
export type CoverageReason =
  'limit' | 'max_rows' | 'retention' | 'rate_limit' | 'upstream' | 'unverified' | 'bad_rows' | 'page_size' | 'timeout';

/** How much of the question an answer covers: meta.custom.coverage of every frame. Times are RFC 3339. */
export interface Coverage {
  from: string;
  to: string;
  complete: boolean;
  reason?: CoverageReason;
  rows: number;
  upstreamCalls: number;
  savedCalls?: number;
  cachedRows?: number;
  filteredHere?: string[];
  sampled?: boolean;
  sampleInterval?: number;
  retryAt?: string | null;
  newest?: string | null;
}

export const DEFAULT_API_URL = 'https://api.cloudflare.com/client/v4';
/** Default of the setting maxRows, which is also the largest limit of a query. */
export const DEFAULT_MAX_ROWS = 100_000;
/** Rows of a table or of logs where a query names no limit. */
export const DEFAULT_LIMIT = 1000;

export type AuthType = 'apiToken' | 'apiKey';
/** The roles that a setting can ask for, smallest first. */
export const ROLES = ['Viewer', 'Editor', 'Admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a role can be set for beside query types: the resources; pkg/settings/roles.go has the same list. */
export const GUARDED_RESOURCES = ['users', 'identity-providers', 'apps', 'accounts', 'budget'] as const;
export type Guarded = QueryTypeName | (typeof GUARDED_RESOURCES)[number];

export type MaskIdentities = 'none' | 'pseudonym' | 'redact';

export interface AccessOptions extends DataSourceJsonData {
  accountId?: string;
  authType?: AuthType;
  email?: string;
  apiUrl?: string;
  /** In megabytes. 0 turns the cache off. */
  cacheLimitMb?: number;
  /** A Go duration, such as 15m. */
  sealAfter?: string;
  /** A Go duration: the greatest age of anything that is kept. */
  keepFor?: string;
  maxRows?: number;
  /** The percentage of the rate limit that is left to others. */
  reservePercent?: number;
  accountRateLimit?: boolean;
  maskIdentities?: MaskIdentities;
  /** The smallest role that may ask for a query type or a resource. What is not in it is for everybody. */
  minRoles?: Partial<Record<Guarded, Role>>;
  enableSecureSocksProxy?: boolean;
  /** In seconds. */
  timeout?: number;
  tlsSkipVerify?: boolean;
  tlsAuthWithCACert?: boolean;
  serverName?: string;
}

export interface AccessSecrets {
  apiToken?: string;
  apiKey?: string;
  maskKey?: string;
  tlsCACert?: string;
}

/** One entry of the resources values, users, apps, identity-providers, and accounts. */
export interface ResourceValue {
  text: string;
  value: string;
  /** The number of events with this value, which only the resource values has. */
  count?: number;
}
