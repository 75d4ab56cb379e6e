/** Where people work. The hours follow the office's own clock (no daylight saving time). */
export interface Office {
  readonly city: string;
  readonly country: string;
  /** Minutes east of UTC. */
  readonly utcOffset: number;
  /** Share of the people. */
  readonly share: number;
  /** First three parts of the office's IPv4 addresses, all from documentation ranges. */
  readonly network: string;
}

export const OFFICES: readonly Office[] = [
  { city: 'London', country: 'GB', utcOffset: 0, share: 0.28, network: '192.0.2' },
  { city: 'Berlin', country: 'DE', utcOffset: 60, share: 0.17, network: '192.0.2' },
  { city: 'New York', country: 'US', utcOffset: -300, share: 0.22, network: '198.51.100' },
  { city: 'San Francisco', country: 'US', utcOffset: -480, share: 0.13, network: '198.51.100' },
  { city: 'Bengaluru', country: 'IN', utcOffset: 330, share: 0.13, network: '203.0.113' },
  { city: 'Singapore', country: 'SG', utcOffset: 480, share: 0.07, network: '203.0.113' },
];

/** Countries that people travel to, where attempts on other people's accounts come from, and where nobody ever was. */
export const TRAVEL_COUNTRIES = ['FR', 'ES', 'NL', 'CA', 'JP', 'PT', 'IE', 'AU'] as const;
export const ATTACK_COUNTRIES = ['BR', 'VN', 'RO', 'ID', 'UA'] as const;
export const NEVER_VISITED = ['KR', 'NZ', 'ZA', 'CL', 'FI', 'GR'] as const;

/** Addresses of attackers: how many in a row are in each country. */
const ATTACKERS: ReadonlyArray<readonly [(typeof ATTACK_COUNTRIES)[number], number]> = [
  ['VN', 44],
  ['BR', 30],
  ['ID', 22],
  ['RO', 16],
  ['UA', 8],
];
const ATTACKER_COUNTRIES = ATTACKERS.flatMap(([country, hosts]) => Array.from({ length: hosts }, () => country));

/** An address of an attacker; neighbors are mostly in one country. There are 120, after which they repeat. */
export function attackerAt(number: number): { country: string; network: string; host: number } {
  const place = number % ATTACKER_COUNTRIES.length;
  return { country: ATTACKER_COUNTRIES[place], network: '203.0.113', host: 130 + place };
}

const HOURS_WEEKDAY = [1, 1, 1, 1, 1, 2, 6, 22, 78, 100, 84, 70, 52, 66, 74, 62, 50, 36, 18, 11, 8, 6, 4, 2];
const HOURS_WEEKEND = [1, 1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 7, 7, 6, 6, 6, 5, 5, 4, 3, 2, 1];
const WEEKDAY_SUM = HOURS_WEEKDAY.reduce((sum, hour) => sum + hour, 0);

export const MINUTES_A_DAY = 1440;
export const MINUTES_A_WEEK = 7 * MINUTES_A_DAY;

function shape(localMinuteOfWeek: number): number {
  const day = Math.floor(localMinuteOfWeek / MINUTES_A_DAY);
  const minute = localMinuteOfWeek % MINUTES_A_DAY;
  const hours = day === 0 || day === 6 ? HOURS_WEEKEND : HOURS_WEEKDAY;
  const hour = Math.floor(minute / 60);
  const part = (minute % 60) / 60;
  return hours[hour] * (1 - part) + hours[(hour + 1) % 24] * part;
}

/**
 * For every UTC minute of the week (Sunday 00:00 first): the part of a working day's logins that falls on it,
 * summed up over the offices, so that the last entry of a minute is the total.
 */
export const MINUTE_SHARES: readonly Float64Array[] = Array.from({ length: MINUTES_A_WEEK }, (_, minute) => {
  const cumulative = new Float64Array(OFFICES.length);
  let sum = 0;
  OFFICES.forEach((office, index) => {
    const local = (minute + office.utcOffset + MINUTES_A_WEEK) % MINUTES_A_WEEK;
    sum += (office.share * shape(local)) / (WEEKDAY_SUM * 60);
    cumulative[index] = sum;
  });
  return cumulative;
});

/** Minute of the UTC week for a count of minutes since the epoch, which was a Thursday. */
export function minuteOfWeek(epochMinute: number): number {
  return (epochMinute + 4 * MINUTES_A_DAY) % MINUTES_A_WEEK;
}
