import { parseTimeUs } from '../http/query';
import type { Attack } from './attack';
import { ATTACK_KINDS, type AttackKind, type AttackName, type AttackParameters } from './kinds';

/** An attack as it is asked for. */
export interface AttackRequest extends Partial<AttackParameters> {
  attack: AttackName;
  /** RFC 3339: the time of the first attempt. */
  at: string;
  /** E-mail address of the person whom it is about; without it, somebody is chosen. */
  user?: string;
}

const HIGHEST = 10_000;

/** Checks what came from outside. Throws an error that names every problem and what is allowed. */
export function readAttack(request: AttackRequest): Omit<Attack, 'person' | 'h'> & { user?: string } {
  const { attack: kind, at, user, ...given } = request;
  const found: AttackKind | undefined = Object.hasOwn(ATTACK_KINDS, kind) ? ATTACK_KINDS[kind] : undefined;
  if (!found) {
    const known = Object.keys(ATTACK_KINDS).join(', ');
    throw new Error(`There is no attack ${JSON.stringify(kind)}. Attacks: ${known}.`);
  }
  const problems: string[] = [];
  const startUs = typeof at === 'string' ? parseTimeUs(at) : undefined;
  if (startUs === undefined) {
    problems.push(`"at" must be an RFC 3339 time, not ${JSON.stringify(at)}.`);
  }
  if (user !== undefined && !found.hasUser) {
    problems.push(`"${kind}" is not about one user.`);
  }
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(found.parameters, name)) {
      problems.push(`"${kind}" does not take "${name}". It takes: ${Object.keys(found.parameters).join(', ')}.`);
    } else if (!(Number.isInteger(value) && value >= 1 && value <= HIGHEST)) {
      problems.push(`"${name}" must be a whole number from 1 to ${HIGHEST}, not ${JSON.stringify(value)}.`);
    }
  }
  if (startUs === undefined || problems.length > 0) {
    throw new Error(problems.join(' '));
  }
  const single = { attempts: 1, minutes: 1, users: 1, addresses: 1 };
  return { ...single, ...found.parameters, ...given, kind, startUs, user };
}
