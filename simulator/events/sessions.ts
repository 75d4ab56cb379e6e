import { DAY_US, type World } from '../world';
import type { Login } from './login';

/** A session of a person: opened by one login and used by later ones. */
export interface Session {
  readonly opened: Login;
  /** Microseconds since the epoch. */
  readonly endsUs: number;
  /** Indexes of the applications, in the order in which they were first used. */
  readonly apps: number[];
}

/** How long a session lasts. Real accounts choose between fifteen minutes and a month. */
const SESSION_US = DAY_US;

/**
 * The sessions that a person has open, oldest first. An allowed login without a session opens one, a login with one
 * uses the newest, and a logout ends it. What opened a session that is still open is never older than a session lasts.
 */
export function openSessions(world: World, person: number): Session[] {
  const nowUs = world.clock.now() * 1000;
  const open: Session[] = [];
  world.identity.scan({ fromUs: nowUs - SESSION_US, toUs: nowUs + 1, nowUs }, (login) => {
    if (login.person !== person || !login.allowed) {
      return;
    }
    const newest = open.at(-1);
    if (login.logout) {
      open.pop();
    } else if (login.existingJwt || login.rayIndex !== login.index) {
      if (newest && !newest.apps.includes(login.app)) {
        newest.apps.push(login.app);
      }
    } else {
      open.push({ opened: login, endsUs: login.rawUs + SESSION_US, apps: [login.app] });
    }
  });
  return open;
}
