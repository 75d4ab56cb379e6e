/**
 * What Cloudflare's documentation leaves open, as settings. The defaults are the best guess of how it behaves;
 * every other value is a way in which it may behave as well, and a client must be right under all of them.
 */
export interface Setting<T> {
  readonly fallback: T;
  readonly allowed: string;
  readonly about: string;
  /** The value, checked; undefined where it is not allowed. */
  readonly parse: (value: unknown) => T | undefined;
}

function oneOf<const T extends string>(values: readonly T[], about: string): Setting<T> {
  return {
    fallback: values[0],
    allowed: values.map((value) => `\`${value}\``).join(', '),
    about,
    parse: (value) => values.find((known) => known === value),
  };
}

function number(fallback: number, min: number, max: number, about: string): Setting<number> {
  return {
    fallback,
    allowed: `number, ${min} to ${max}`,
    about,
    parse: (value) => {
      const parsed = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      return typeof parsed === 'number' && parsed >= min && parsed <= max ? parsed : undefined;
    },
  };
}

function flag(fallback: boolean, about: string): Setting<boolean> {
  return {
    fallback,
    allowed: '`true`, `false`',
    about,
    parse: (value) =>
      value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined,
  };
}

function names(fallback: readonly string[], about: string): Setting<readonly string[]> {
  return {
    fallback,
    allowed: 'list of names',
    about,
    parse: (value) => {
      const list = typeof value === 'string' ? value.split(',').filter(Boolean) : value;
      return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
    },
  };
}

const BOUNDS = ['inclusive', 'exclusive', 'seconds'] as const;

export const SETTINGS = {
  sinceBound: oneOf(BOUNDS, 'How `since` is treated; `seconds`: cut down to the second, inclusive.'),
  untilBound: oneOf(BOUNDS, 'How `until` is treated; `seconds`: cut down to the second, inclusive.'),
  timestampQuantumMs: number(
    1,
    0.001,
    60_000,
    'Times are cut to multiples of this: 1000 gives whole seconds, 60000 ties a whole minute, 0.001 gives microseconds.'
  ),
  tieOrder: oneOf(
    ['stable', 'perPage'],
    'Order of rows of the same time: always the same, or another one on every page.'
  ),
  maxPerPage: number(1000, 1, 100_000, 'Largest page of the log endpoints.'),
  overCap: oneOf(['shorter', 'error'], 'What a larger page size gets: a page of `maxPerPage` rows, or an error.'),
  limitMeaning: oneOf(
    ['pageSize', 'total', 'smaller', 'ignored'],
    '`limit` of the log endpoints: the page size where `per_page` is absent; the most rows of all pages together; the smaller of both is the page size; nothing.'
  ),
  resultInfo: oneOf(['present', 'absent'], '`result_info` of the log endpoints.'),
  totalCount: oneOf(
    ['zero', 'true', 'page'],
    '`total_count` of the log endpoints: always 0, the truth, or the rows of this page.'
  ),
  defaultWindowHours: number(30, 0, 4320, 'Reach of `access_requests` without `since`; 0 is the whole retention.'),
  retentionDays: number(180, 0, 180, 'Reach of the log endpoints. Older windows are an empty success.'),
  failedLoginsDays: number(7, 0, 180, 'How long failed logins are kept.'),
  ingestDelayMs: number(0, 0, 3_600_000, 'Every row can be read this long after its time.'),
  lateShare: number(0, 0, 1, 'Share of the rows that arrive late.'),
  lateByMs: number(120_000, 0, 3_600_000, 'Late rows arrive after a fifth of this at least, after all of it at most.'),
  duplicateShare: number(0, 0, 1, 'Share of the rows that the log endpoints give twice, equal in every field.'),
  ignoredFilters: names(
    [],
    'Query parameters that are taken and not applied, such as `allowed`, `country_code` or `email`.'
  ),
  emptyFilters: names([], 'Query parameters that make the answer empty.'),
  missingFields: names([], 'Fields that are left out of the rows of the log endpoints.'),
  extraFields: flag(false, 'Rows of the log endpoints carry fields that nobody documents.'),
  countryCase: oneOf(['mixed', 'upper'], 'A few rows have their country in lower or mixed case, or none.'),
  nonIdentityInRest: flag(false, '`access_requests` shows logins without identity as well.'),
  identityInGraphql: flag(true, 'GraphQL shows logins with an identity as well.'),
  idpIdRequired: flag(true, 'SCIM updates without `idp_id` are refused; otherwise all are given.'),
  scimMethodField: oneOf(
    ['mixed', 'request_method', 'http_method'],
    'Name of the method in SCIM rows; `mixed`: sometimes `http_method`.'
  ),
  scimFailureWord: oneOf(['FAILURE', 'ERROR', 'mixed'], 'Status of a failed SCIM update.'),
  userMatch: oneOf(['substring', 'exact'], 'How the users list matches `name`, `email` and `search`.'),
  graphqlEnabled: flag(true, 'Whether the login dataset is on for the account.'),
  graphqlNotOlderThan: number(7_776_000, 1, 31_536_000, 'Reach of GraphQL in seconds.'),
  graphqlMaxDuration: number(604_800, 1, 31_536_000, 'Longest range of one GraphQL node in seconds.'),
  graphqlMaxPageSize: number(10_000, 1, 100_000, 'Largest `limit` of a GraphQL node.'),
  graphqlMaxFields: number(30, 1, 100, 'Most fields of a GraphQL node.'),
  graphqlMaxNodes: number(30, 1, 1000, 'Most nodes of one GraphQL request; aliases count.'),
  graphqlUnavailable: names([], 'Dimensions that the plan does not include, such as `deviceId`.'),
  graphqlSampleInterval: number(1, 1, 10_000, 'Adaptive sampling: one event stands for this many.'),
  graphqlErrorStatus: oneOf(
    ['ok', 'documented'],
    'HTTP status of GraphQL errors: always 200, or 400 and 403 as the documentation lists.'
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
export type Personality = { readonly [K in SettingName]: ValueOf<(typeof SETTINGS)[K]> };

export const DEFAULT_PERSONALITY: Personality = Object.fromEntries(
  Object.entries(SETTINGS).map(([name, setting]) => [name, setting.fallback])
) as Personality;

/** Ready-made sets for `--personality` and tests. */
export const PERSONALITIES = {
  default: {},
  tidy: { totalCount: 'true', countryCase: 'upper', scimMethodField: 'request_method' },
  exclusive: { sinceBound: 'exclusive', untilBound: 'exclusive' },
  seconds: { sinceBound: 'seconds', untilBound: 'seconds', timestampQuantumMs: 1000 },
  tied: { timestampQuantumMs: 60_000, tieOrder: 'perPage', maxPerPage: 50 },
  smallPages: { maxPerPage: 100, limitMeaning: 'smaller' },
  bare: { resultInfo: 'absent', missingFields: ['country', 'app_type'], countryCase: 'upper' },
  blindFilters: {
    ignoredFilters: ['allowed', 'country_code', 'app_uid', 'app_type', 'idp', 'ray_id', 'email', 'non_identity'],
  },
  muteFilters: { emptyFilters: ['allowed', 'country_code', 'app_uid', 'app_type', 'idp', 'ray_id', 'non_identity'] },
  late: { lateShare: 0.05, lateByMs: 300_000, ingestDelayMs: 3_000 },
  repeating: { duplicateShare: 0.05 },
  free: { retentionDays: 1 },
  sampled: { graphqlSampleInterval: 10, identityInGraphql: false },
} as const satisfies Record<string, Partial<Personality>>;

/** Checks values that came from outside. Throws an error that names every problem and what is allowed. */
export function parsePersonality(input: Record<string, unknown>): Partial<Personality> {
  const problems: string[] = [];
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) {
    const setting: Setting<unknown> | undefined = SETTINGS[name as SettingName];
    if (!setting) {
      problems.push(`There is no setting "${name}". Settings: ${Object.keys(SETTINGS).join(', ')}.`);
      continue;
    }
    const parsed = setting.parse(value);
    if (parsed === undefined) {
      problems.push(`"${name}" cannot be ${JSON.stringify(value)}. Allowed: ${setting.allowed}.`);
      continue;
    }
    out[name] = parsed;
  }
  const quantum = out.timestampQuantumMs;
  if (typeof quantum === 'number' && !Number.isInteger(60_000_000 / Math.round(quantum * 1000))) {
    problems.push(`"timestampQuantumMs" must divide a minute, ${quantum} does not.`);
  }
  if (problems.length > 0) {
    throw new Error(problems.join(' '));
  }
  return out;
}
