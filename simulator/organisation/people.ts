import { hash, hexFor, unit, uuidFor } from '../hash';
import { OFFICES } from './offices';

export const TEAMS = ['engineering', 'support', 'sales', 'finance', 'people', 'security', 'contractors'] as const;
export type Team = (typeof TEAMS)[number];

export interface Person {
  readonly id: string;
  readonly uid: string;
  readonly seatId: string;
  readonly email: string;
  readonly name: string;
  readonly team: Team;
  /** Index into OFFICES. */
  readonly office: number;
  /** Index into the identity providers. */
  readonly provider: number;
  readonly warp: boolean;
  readonly deviceId: string;
  /** Last part of the person's IPv4 address. */
  readonly host: number;
}

const FIRST = [
  'ada',
  'alan',
  'amara',
  'anita',
  'barbara',
  'bjarne',
  'carol',
  'chen',
  'dana',
  'dennis',
  'edsger',
  'elena',
  'emre',
  'fatima',
  'frances',
  'grace',
  'hedy',
  'ibrahim',
  'ines',
  'john',
  'joan',
  'kavita',
  'ken',
  'lars',
  'leslie',
  'lin',
  'margaret',
  'mei',
  'miguel',
  'nadia',
  'niklaus',
  'olga',
  'omar',
  'priya',
  'radia',
  'rosa',
  'sofia',
  'tim',
  'yuki',
  'zoe',
];
const LAST = [
  'abbott',
  'acharya',
  'baker',
  'bauer',
  'costa',
  'diaz',
  'eriksen',
  'fischer',
  'garcia',
  'hopper',
  'iyer',
  'jansen',
  'kaya',
  'kim',
  'lovelace',
  'mehta',
  'nakamura',
  'okafor',
  'patel',
  'quinn',
  'rossi',
  'schmidt',
  'tanaka',
  'ueda',
  'vargas',
  'weber',
  'xu',
  'young',
  'zhang',
  'zimmer',
];

const TEAM_SHARES: ReadonlyArray<readonly [Team, number]> = [
  ['engineering', 0.36],
  ['support', 0.16],
  ['sales', 0.16],
  ['finance', 0.08],
  ['people', 0.06],
  ['security', 0.05],
  ['contractors', 0.13],
];

function pick<T>(shares: ReadonlyArray<readonly [T, number]>, u: number): T {
  let left = u;
  for (const [value, share] of shares) {
    left -= share;
    if (left < 0) {
      return value;
    }
  }
  return shares[shares.length - 1][0];
}

function capital(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}

/** Contractors sign in with the second provider, a few people with a one-time PIN, the rest with the first. */
function providerOf(team: Team, u: number): number {
  if (team === 'contractors') {
    return 1;
  }
  return u < 0.04 ? 2 : 0;
}

export function createPeople(seed: number, count: number): Person[] {
  const offices = OFFICES.map((office, index) => [index, office.share] as const);
  return Array.from({ length: count }, (_, i) => {
    const first = FIRST[i % FIRST.length];
    const round = Math.floor(i / FIRST.length);
    const last = LAST[(i * 7 + round) % LAST.length];
    const again = Math.floor(i / (FIRST.length * LAST.length));
    const email = `${first}.${last}${again > 0 ? again + 1 : ''}@example.com`;
    const draw = (what: number) => unit(hash(seed, i, what, 1));
    const team = pick(TEAM_SHARES, draw(1));
    const warp = draw(4) < 0.7;
    return {
      id: uuidFor(seed, `user:${email}`),
      uid: uuidFor(seed, `uid:${email}`),
      seatId: uuidFor(seed, `seat:${email}`),
      email,
      name: `${capital(first)} ${capital(last)}`,
      team,
      office: pick(offices, draw(2)),
      provider: providerOf(team, draw(3)),
      warp,
      deviceId: warp ? uuidFor(seed, `device:${hexFor(seed, email, 8)}`) : '',
      host: 1 + Math.floor(draw(5) * 250),
    };
  });
}
