import type { Attack } from './rule';

/** Many blocked logins at one application in a short time, whoever they are. */
const MANY_BLOCKED: Attack[] = ['blocked_spike', 'app_failure_rate'];

/**
 * Which rules may fire on an attack beside its own: what it does is a case of theirs too. All others stay quiet. The
 * documentation shows it, and tests/rules holds it.
 */
export const MAY_ALSO_FIRE: Record<Attack, Attack[]> = {
  spray: MANY_BLOCKED,
  distributed_spray: MANY_BLOCKED,
  stuffing: MANY_BLOCKED,
  bruteforce_user: MANY_BLOCKED,
  burst_then_success: ['app_failure_rate'],
  many_countries: ['new_country'],
  new_country: [],
  token_new_address: [],
  blocked_spike: ['app_failure_rate'],
  app_failure_rate: ['blocked_spike'],
  mtls_failures: [],
  scim_failures: [],
  access_changed: [],
  token_expiring: [],
  incomplete: [],
};
