// Made by npm run generate from the JSON files beside it. Change those, not this file.

/**
 * Value of a query's queryType, which is also the name of this file and, unless it is an inventory, of the Go file in pkg/surface.
 */
export type QueryTypeName =
  | 'access_requests'
  | 'failed_logins'
  | 'scim_updates'
  | 'login_groups'
  | 'explain'
  | 'active_sessions'
  | 'access_changes'
  | 'jit_requests'
  | 'service_tokens'
  | 'certificates'
  | 'applications';
export type Parameter = 'since' | 'until' | 'before' | 'direction' | 'limit' | 'per_page' | 'page' | 'cursor';
export type AnswerFormat = 'table' | 'time_series' | 'logs';
/**
 * Type of a field's values.
 */
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
export type Operator = '=' | '!=' | 'contains' | '!contains' | '=~' | '!~' | '<' | '<=' | '>' | '>=' | 'in' | '!in';
/**
 * Where suggestions for a field's values come from.
 */
export type SuggestionSource =
  'none' | 'enum' | 'rows' | 'users' | 'apps' | 'policies' | 'identity-providers' | 'service-tokens';

/**
 * One surface of Cloudflare Access that can be queried.
 */
export interface CatalogueQueryType {
  $schema: './schema.json';
  queryType: QueryTypeName;
  /**
   * Place in pickers and lists. The smallest number comes first.
   */
  order: number;
  title: string;
  /**
   * One line for the query type picker.
   */
  description: string;
  noun: {
    one: string;
    many: string;
  };
  /**
   * Name of the column with the number of rows, in grouped tables and series. Absent if answers have parts.
   */
  count?: string;
  /**
   * What a series is grouped by if the query doesn't say, and what colors log lines. If absent, events have no outcome.
   */
  outcome?: {
    /**
     * Enum field that says how an event went.
     */
    field: string;
    /**
     * Its value if the event went well.
     */
    accepted: string;
    /**
     * Its value if the event was refused or failed.
     */
    refused: string;
  };
  /**
   * Which of Cloudflare's APIs serves it, and therefore which rate limit applies.
   */
  api: 'rest' | 'graphql';
  /**
   * For REST, the path under the API's URL. For GraphQL, the name of the node under viewer.accounts.
   */
  endpoint: string;
  /**
   * What Cloudflare documents for REST to get a part of the list. If absent, the list has no parts.
   */
  parameters?: Parameter[];
  /**
   * Exact name of the API token permission.
   */
  permission: string;
  permissionNote?: string;
  retention: {
    text: string;
    /**
     * Number of days that the largest plan keeps. Absent if Cloudflare doesn't say.
     */
    maxDays?: number;
  };
  documentation: string;
  /**
   * Field that places a row on the time axis. Absent if answers have parts, or are an inventory.
   */
  timeField?: string;
  /**
   * Shapes that an answer can have. If absent, all of them.
   *
   * @minItems 1
   */
  formats?: AnswerFormat[];
  /**
   * Tables that an answer consists of, in their order. If absent, answers hold rows.
   *
   * @minItems 1
   */
  parts?: AnswerPart[];
  /**
   * Whether rows are what there is now, from one of the account's lists. They have no time: the time range and what goes by time don't apply, and the only format is table.
   */
  inventory?: boolean;
  /**
   * Shortest bucket of a series in milliseconds. If absent, 1.
   */
  minIntervalMs?: number;
  /**
   * Fields that a query must filter by. Otherwise, it is refused.
   */
  requiredFilters: string[];
  /**
   * Body of a log line. Absent if answers have parts, or are an inventory. {field} stands for the field's value, {one|other} for the first of them that has one, and {field:text} for the text of an enumeration's value, in lowercase. A part in square brackets is left out if a field in it has no value. Brackets don't nest.
   */
  logLine?: string;
  /**
   * @minItems 1
   */
  examples: QueryExample[];
  /**
   * @minItems 1
   */
  fields: CatalogueField[];
}
/**
 * One of the tables that an answer consists of.
 */
export interface AnswerPart {
  /**
   * Name of the frame.
   */
  name: string;
  title: string;
  description: string;
  /**
   * Names of the fields that are its columns, in their order.
   *
   * @minItems 1
   */
  fields: string[];
}
/**
 * A query that shows what the query type is for.
 */
export interface QueryExample {
  name: string;
  description: string;
  /**
   * The query without its refId and queryType.
   */
  query: {};
}
/**
 * One field of a query type.
 */
export interface CatalogueField {
  /**
   * Cloudflare's own name, or that of a derived field.
   */
  name: string;
  label: string;
  description: string;
  kind: Kind;
  /**
   * Where the upstream row has the value, with dots between the steps, such as metadata.apps. The first path that exists counts.
   *
   * @minItems 1
   */
  path?: string[];
  /**
   * How Cloudflare writes a value: a time as epochSeconds, or RFC 3339 if absent; a number as a list of that length, or as itself if absent.
   */
  encoding?: 'epochSeconds' | 'length';
  derived?: {
    /**
     * Field that the value is computed from.
     */
    from?: string;
    /**
     * Maps values of that field to values of this one.
     */
    values?: {
      [k: string]: string;
    };
    /**
     * Value for everything that values doesn't list. If absent, null.
     */
    otherwise?: string;
    /**
     * List of the account in which the data source finds what the ID in that field is called, unless values lists it. If the list doesn't have the ID or can't be read, the value is the ID itself.
     */
    names?: 'apps' | 'identity-providers' | 'policies' | 'service-tokens' | 'users';
    /**
     * The same value on every row.
     */
    constant?: string;
    /**
     * Number of days from now until the time in that field, with fractions, negative after it. Empty if the row has the duration forever.
     */
    daysUntil?: boolean;
  };
  /**
   * How a query can filter by the field. Empty if it can't.
   */
  operators: Operator[];
  /**
   * How an operator is sent to Cloudflare. Maps parameters to values, in which {value} is the filter's value. A list takes all values at once, as a repeated parameter or a GraphQL list. A string takes one value. The data source applies operators that aren't listed here.
   */
  upstream?: {
    [k: string]: {
      [k: string]: string | string[];
    };
  };
  /**
   * Scalar of the GraphQL filter.
   */
  graphqlType?: 'string' | 'Time' | 'Date' | 'uint8' | 'uint64';
  /**
   * Whether Cloudflare's API reference names the field.
   */
  documented?: boolean;
  /**
   * Whether it is normal that rows lack the field. A missing value is an empty one.
   */
  optional?: boolean;
  /**
   * Whether a query can filter by it although the rows don't contain it.
   */
  filterOnly?: boolean;
  /**
   * Whether it is a column only if a query names it.
   */
  extra?: boolean;
  /**
   * Whether tables show its texts whole, over several lines.
   */
  wraps?: boolean;
  /**
   * Whether tables show no column of it until somebody wants one, because another column says the same in words.
   */
  hidden?: boolean;
  /**
   * Whether tables give the whole row the color of its value.
   */
  marksRow?: boolean;
  /**
   * Says that the field is the event's time, cut to this many milliseconds. A filter on it is a filter on the time range.
   */
  grainMs?: number;
  groupable: boolean;
  /**
   * Whether maskIdentities hides it. It says so either way, so that nobody forgets: true if a value can name a person, or a person's device or address, also in free text.
   */
  personal: boolean;
  suggest?: SuggestionSource;
  values?: FieldValue[];
  links?: FieldLink[];
}
/**
 * One value of an enumeration.
 */
export interface FieldValue {
  value: string;
  text: string;
  color?: string;
}
/**
 * Opens another query in Explore, filtered by the field's value.
 */
export interface FieldLink {
  title: string;
  queryType: QueryTypeName;
  /**
   * Field that the opened query is filtered by.
   */
  field: string;
  /**
   * Column of the same row whose value the opened query is filtered by, in place of the field's own. Without that column, there is no link.
   */
  of?: string;
}
