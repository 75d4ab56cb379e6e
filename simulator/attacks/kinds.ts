/** What an attack may be told: whole numbers. */
export interface AttackParameters {
  /** Logins, or updates, that it consists of. */
  readonly attempts: number;
  /** How long it lasts. */
  readonly minutes: number;
  /** Accounts that it tries. */
  readonly users: number;
  /** Addresses that it comes from. */
  readonly addresses: number;
}

export interface AttackKind {
  readonly about: string;
  /** Surfaces that show it. */
  readonly shows: readonly string[];
  /** What it takes, with the defaults. They keep an attack clear of what the others are recognized by. */
  readonly parameters: Partial<AttackParameters>;
  /** Whether it is about one person, whom `user` can name. */
  readonly hasUser?: true;
}

const LOGINS = ['access_requests', 'login_groups', 'failed_logins', 'explain'];

/** Attacks by the name that alert rules give them (`labels.attack`). */
export const ATTACK_KINDS = {
  spray: {
    about: 'One address tries a few passwords on many accounts.',
    shows: LOGINS,
    parameters: { users: 25, addresses: 1, attempts: 100, minutes: 5 },
  },
  distributed_spray: {
    about: 'Many addresses try a few passwords on many accounts.',
    shows: LOGINS,
    parameters: { users: 40, addresses: 12, attempts: 160, minutes: 10 },
  },
  stuffing: {
    about: 'A few addresses try each of many accounts once or twice, with passwords that leaked elsewhere.',
    shows: LOGINS,
    parameters: { users: 40, addresses: 4, attempts: 60, minutes: 10 },
  },
  bruteforce_user: {
    about: 'A few addresses try many passwords on one account.',
    shows: LOGINS,
    parameters: { addresses: 3, attempts: 60, minutes: 10 },
    hasUser: true,
  },
  burst_then_success: {
    about:
      'One address fails at one account again and again. The last attempt comes from the country of the account and is allowed.',
    shows: LOGINS,
    parameters: { attempts: 13, minutes: 12 },
    hasUser: true,
  },
  many_countries: {
    about: 'Somebody signs in from another country every time, and is allowed.',
    shows: LOGINS,
    parameters: { attempts: 4, minutes: 120 },
    hasUser: true,
  },
  new_country: {
    about: 'Somebody signs in from a country that nobody was ever in, and is allowed.',
    shows: LOGINS,
    parameters: { attempts: 1, minutes: 1 },
    hasUser: true,
  },
  token_new_address: {
    about: 'A service token is used from an address and a country where it was never used, and is allowed.',
    shows: ['login_groups', 'explain'],
    parameters: { attempts: 3, minutes: 5 },
  },
  blocked_spike: {
    about: 'A few programs with an old session keep failing for an hour.',
    shows: LOGINS,
    parameters: { users: 10, addresses: 3, attempts: 120, minutes: 60 },
  },
  app_failure_rate: {
    about: 'An application refuses its own people, because they use a login method that it does not take.',
    shows: LOGINS,
    parameters: { users: 7, attempts: 49, minutes: 30 },
  },
  mtls_failures: {
    about: 'A machine presents a client certificate that has expired.',
    shows: ['login_groups', 'explain'],
    parameters: { attempts: 20, minutes: 10 },
  },
  scim_failures: {
    about: 'Updates from an identity provider fail.',
    shows: ['scim_updates'],
    parameters: { attempts: 10, minutes: 10 },
  },
  access_changed: {
    about: 'Somebody opens the policy of an application to everybody, and puts it back `minutes` later.',
    shows: ['access_changes'],
    parameters: { minutes: 30 },
  },
  token_expiring: {
    about:
      'A service token and a client certificate have `minutes` left. At the last moment they are renewed, so both stay valid.',
    shows: ['service_tokens', 'certificates'],
    parameters: { minutes: 7200 },
  },
} as const satisfies Record<string, AttackKind>;

export type AttackName = keyof typeof ATTACK_KINDS;
