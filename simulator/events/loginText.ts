import type { Organisation } from '../organisation/organisation';
import { hex, mix } from '../hash';
import type { Circumstances, Login } from './login';

/**
 * A Ray ID: eight digits of stream and minute, eight of the place in it. The second half is a bijection of the
 * index, so that no two requests share one, and the first half tells the minute without a search.
 */
export function rayId(login: Circumstances): string {
  return hex(raySlotPart(login.stream, login.slot)) + hex(mix(login.rayIndex ^ mix(login.slot)));
}

function raySlotPart(stream: number, slot: number): number {
  return (0x80000000 | (stream << 28) | slot) >>> 0;
}

/** The minute slot that a Ray ID belongs to, undefined where it is none of ours. */
export function slotOfRay(ray: string): number | undefined {
  if (!/^[0-9a-f]{16}$/.test(ray)) {
    return undefined;
  }
  const part = parseInt(ray.slice(0, 8), 16);
  return part >= 0x80000000 ? part & 0x0fffffff : undefined;
}

export function ipAddress(login: Circumstances): string {
  if (login.v6) {
    const [, , third] = login.network.split('.');
    return `2001:db8:${Number(third).toString(16)}::${login.host.toString(16)}`;
  }
  return `${login.network}.${login.host}`;
}

export function countryText(login: Circumstances): string {
  switch (login.countryCase) {
    case 1:
      return login.country.toLowerCase();
    case 2:
      return login.country[0].toLowerCase() + login.country[1];
    default:
      return login.country;
  }
}

export function appDomain(organisation: Organisation, login: Circumstances): string | undefined {
  const app = organisation.applications[login.app];
  if (app.domain === undefined) {
    return undefined;
  }
  return login.path >= 0 ? app.domain + app.paths[login.path] : app.domain;
}

const STRANGER_NAMES = [
  'admin',
  'it',
  'info',
  'root',
  'test',
  'office',
  'hr',
  'sales',
  'support',
  'backup',
  'scan',
  'noreply',
];

export function emailText(organisation: Organisation, login: Circumstances): string {
  if (login.person >= 0) {
    return organisation.people[login.person].email;
  }
  if (login.stranger < 0) {
    return '';
  }
  const round = Math.floor(login.stranger / STRANGER_NAMES.length);
  return `${STRANGER_NAMES[login.stranger % STRANGER_NAMES.length]}${round > 0 ? round : ''}@example.com`;
}

export function connectionText(organisation: Organisation, login: Circumstances): string {
  return login.provider >= 0 ? organisation.providers[login.provider].type : 'nonidentity';
}

/** Empty where no policy let the login in, and where one made Access look away. */
export function approvingPolicyId(_: Organisation, { decision }: Login): string {
  return decision.verdict === 'allowed_by_policy' ? (decision.policy?.id ?? '') : '';
}

export function usesGateway(login: Pick<Login, 'warp' | 'chance'>): boolean {
  return login.warp && login.chance % 4 !== 0;
}

/** RFC 3339 in UTC for microseconds since the epoch; digits of the fraction follow the quantum of the time. */
export function timeText(us: number, quantumUs: number): string {
  const iso = new Date(Math.floor(us / 1000)).toISOString();
  if (quantumUs % 1_000_000 === 0) {
    return iso.slice(0, 19) + 'Z';
  }
  if (quantumUs % 1000 === 0) {
    return iso;
  }
  return iso.slice(0, -1) + String(us % 1000).padStart(3, '0') + 'Z';
}
