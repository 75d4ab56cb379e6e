/** Fixed values that people and tests may rely on. All of them are made up. */

export const DEFAULT_PORT = 8787;
export const DEFAULT_SEED = 20260101;

/** The account that every demo token belongs to. */
export const ACCOUNT_ID = '0123456789abcdef0123456789abcdef';
export const ACCOUNT_NAME = 'Example Corporation (simulated)';

/** A second account, seen in the account list by the full-access token, without Zero Trust. */
export const EMPTY_ACCOUNT_ID = 'fedcba9876543210fedcba9876543210';
export const EMPTY_ACCOUNT_NAME = 'Example Subsidiary (simulated, no Zero Trust)';

export const API_PREFIX = '/client/v4';
export const CONTROL_PREFIX = '/__simulator';
/** The second one is shorter to type; no path of Cloudflare's API is below it. */
export const CONTROL_PREFIXES = [CONTROL_PREFIX, '/control'] as const;

/** For authentication by X-Auth-Email and X-Auth-Key. The key has the 37 hex digits of a global key. */
export const GLOBAL_KEY_EMAIL = 'admin@example.com';
export const GLOBAL_KEY = '5111e5111e5111e5111e5111e5111e5111e51';

/** The largest reach of the organisation: no event is older. */
export const MAX_HISTORY_DAYS = 180;
