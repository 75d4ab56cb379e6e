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
  sinceBound: oneOf(BOUNDS, 'How `since` works. With `seconds`, it is cut to the second and inclusive.'),
  untilBound: oneOf(BOUNDS, 'How `until` works. With `seconds`, it is cut to the second and inclusive.'),
  timestampQuantumMs: number(
    1,
    0.001,
    60_000,
    'Times are cut to multiples of this. 1000 gives whole seconds, 60000 gives all events of a minute the same time, and 0.001 gives microseconds.'
  ),
  tieOrder: oneOf(
    ['stable', 'perPage'],
    'Order of rows with the same time: always the same, or different on every page.'
  ),
  maxPerPage: number(1000, 1, 100_000, 'Largest page of the log endpoints.'),
  overCap: oneOf(['shorter', 'error'], 'Answer to a larger page size: a page of `maxPerPage` rows, or an error.'),
  limitMeaning: oneOf(
    ['pageSize', 'total', 'smaller', 'ignored'],
    'Meaning of `limit` of the log endpoints: the page size if `per_page` is absent, the largest number of rows on all pages together, the page size unless `per_page` is smaller, or nothing.'
  ),
  resultInfo: oneOf(['present', 'absent'], 'Whether the log endpoints return `result_info`.'),
  totalCount: oneOf(
    ['zero', 'true', 'page'],
    '`total_count` of the log endpoints: always 0, the true number, or the number of rows on this page.'
  ),
  defaultWindowHours: number(
    30,
    0,
    4320,
    'How many hours back `access_requests` reaches without `since`. 0 is the whole retention period.'
  ),
  retentionDays: number(
    180,
    0,
    180,
    'How many days back the log endpoints reach. For older times, they return an empty success.'
  ),
  failedLoginsDays: number(7, 0, 180, 'How many days failed logins are kept.'),
  ingestDelayMs: number(0, 0, 3_600_000, 'How long after its time a row becomes available, in milliseconds.'),
  lateShare: number(0, 0, 1, 'Share of rows that arrive late.'),
  lateByMs: number(
    120_000,
    0,
    3_600_000,
    'Late rows arrive after at least a fifth and at most all of this time, in milliseconds.'
  ),
  duplicateShare: number(
    0,
    0,
    1,
    'Share of rows that the log endpoints return twice, with the same value in every field.'
  ),
  ignoredFilters: names(
    [],
    'Query parameters that are accepted but not applied, such as `allowed`, `country_code`, or `email`.'
  ),
  emptyFilters: names([], 'Query parameters that make the answer empty.'),
  missingFields: names([], 'Fields that are missing from the rows of the log endpoints.'),
  extraFields: flag(false, 'Rows of the log endpoints contain undocumented fields.'),
  countryCase: oneOf(
    ['mixed', 'upper'],
    'With `mixed`, a few rows have their country in lowercase or mixed case, or have none.'
  ),
  nonIdentityInRest: flag(false, '`access_requests` also contains logins without an identity.'),
  identityInGraphql: flag(true, 'GraphQL also contains logins with an identity.'),
  idpIdRequired: flag(
    true,
    'A request for SCIM updates without `idp_id` is refused. Otherwise, it returns all of them.'
  ),
  hideProviders: flag(
    false,
    'The list of identity providers is empty, as it can be for members whose role is limited to some resources.'
  ),
  scimMethodField: oneOf(
    ['mixed', 'request_method', 'http_method'],
    'Name of the method in SCIM rows. With `mixed`, it is sometimes `http_method`.'
  ),
  scimFailureWord: oneOf(['FAILURE', 'ERROR', 'mixed'], 'Status of a failed SCIM update.'),
  identityDetails: oneOf(
    ['groups', 'documented'],
    'What the last seen identity has: also the groups, the authentication methods, and the attributes that the identity provider sent, or only the documented fields.'
  ),
  cursorPlace: oneOf(
    ['cursor', 'cursors.after'],
    'Where `result_info` of the audit log has the cursor: the documentation and the SDK differ.'
  ),
  cursorEnd: oneOf(
    ['absent', 'empty', 'emptyPage'],
    'What follows the last page of the audit log: no cursor, an empty one, or a cursor to a page without rows.'
  ),
  cursorPages: oneOf(
    ['full', 'sparse'],
    'With `sparse`, pages of the audit log are shorter than requested or empty, although more follow.'
  ),
  cursorLoops: flag(false, 'Each cursor of the audit log leads back to the page that returned it.'),
  userMatch: oneOf(['substring', 'exact'], 'How the list of users matches `name`, `email`, and `search`.'),
  graphqlEnabled: flag(true, 'Whether the account has the login dataset.'),
  graphqlNotOlderThan: number(7_776_000, 1, 31_536_000, 'How many seconds back GraphQL reaches.'),
  graphqlMaxDuration: number(604_800, 1, 31_536_000, 'Longest time range of one GraphQL node, in seconds.'),
  graphqlMaxPageSize: number(10_000, 1, 100_000, 'Largest `limit` of a GraphQL node.'),
  graphqlMaxFields: number(30, 1, 100, 'Largest number of fields of a GraphQL node.'),
  graphqlMaxNodes: number(30, 1, 1000, 'Largest number of nodes in one GraphQL request. Aliases count.'),
  graphqlUnavailable: names([], 'Dimensions that are not part of the plan, such as `deviceId`.'),
  graphqlSampleInterval: number(1, 1, 10_000, 'Adaptive sampling: one event represents this many.'),
  graphqlErrorStatus: oneOf(
    ['ok', 'documented'],
    'HTTP status of GraphQL errors: always 200, or 400 and 403 as documented.'
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
  scoped: { hideProviders: true, idpIdRequired: false },
  cursors: { cursorPlace: 'cursors.after', cursorEnd: 'emptyPage', cursorPages: 'sparse', maxPerPage: 20 },
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
    problems.push(`"timestampQuantumMs" must divide a minute, and ${quantum} does not.`);
  }
  if (problems.length > 0) {
    throw new Error(problems.join(' '));
  }
  return out;
}
