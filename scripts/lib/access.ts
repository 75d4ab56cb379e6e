/** Who may use the Grafana that `npm start` opens, in Docker or on this machine. */
import { randomBytes } from 'node:crypto';

export interface Access {
  /** Grafana's configuration, as environment variables. */
  settings: Record<string, string>;
  /** How to sign in; absent if nobody has to. */
  signIn?: string;
}

/**
 * With the simulated account, every visitor is an administrator. With a real one, people sign in with a password that
 * exists only in this terminal and in Grafana's memory and database, which go with it.
 */
export function accessTo(account: 'simulated' | 'real'): Access {
  if (account === 'simulated') {
    return { settings: { GF_AUTH_ANONYMOUS_ENABLED: process.env.GF_AUTH_ANONYMOUS_ENABLED ?? 'true' } };
  }
  const password = randomBytes(18).toString('base64url');
  return {
    settings: {
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
      GF_SECURITY_ADMIN_USER: 'admin',
      GF_SECURITY_ADMIN_PASSWORD: password,
    },
    signIn: `sign in as admin with the password ${password}`,
  };
}

/**
 * Where Grafana answers: at this address only. It sends every other name of this machine here, so that no foreign page
 * reaches it through a name of its own for 127.0.0.1 (DNS rebinding).
 */
export function onlyAt(port: number): Record<string, string> {
  return {
    GF_SERVER_DOMAIN: '127.0.0.1',
    GF_SERVER_ENFORCE_DOMAIN: 'true',
    GF_SERVER_ROOT_URL: `http://127.0.0.1:${port}/`,
  };
}
