import { hexFor, uuidFor } from '../hash';

/** Service tokens and client certificates: who logs in without being a person. */
export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly enabled: boolean;
  /** Microseconds since the epoch. */
  readonly expiresUs: number;
  /** How long a new secret is valid, as Cloudflare writes it. */
  readonly duration: string;
  /** Whole days that are always left: somebody renews the token then. */
  readonly alwaysLeft?: number;
  /** How often its secret was replaced, the first one included. */
  readonly version: number;
  readonly host: number;
}

export interface ClientCertificate {
  readonly id: string;
  readonly name: string;
  readonly commonName: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly hostnames: readonly string[];
  /** Whole days that are always left: somebody renews the certificate then. */
  readonly alwaysLeft: number;
}

const TOKENS = [
  'build-runner',
  'deploy-bot',
  'uptime-monitor',
  'backup-job',
  'metrics-scraper',
  'partner-import',
  'old-cron',
];
const CERTIFICATES: ReadonlyArray<readonly [string, string, string[]]> = [
  ['Payroll kiosks', 'kiosk.payroll.example.com', ['payroll.example.com']],
  ['Admin laptops', 'laptop.admin.example.com', ['admin.example.com']],
  ['Warehouse scanners', 'scanner.example.com', ['issues.example.com']],
  ['Finance laptops', 'laptop.finance.example.com', ['payroll.example.com']],
];

const DAY_US = 86_400_000_000;
/** Tokens that are about to expire, whatever the clock says, with the days that they have left. */
const ABOUT_TO_EXPIRE: Record<string, number> = { 'deploy-bot': 3, 'metrics-scraper': 20 };

/** When a token expires, as it is at a time (microseconds). */
export function expiryAt({ alwaysLeft, expiresUs }: ServiceAccount, us: number): number {
  return alwaysLeft === undefined ? expiresUs : renewedBefore(alwaysLeft, us);
}

/** The end of the day before which so many whole days are left. */
export function renewedBefore(daysLeft: number, us: number): number {
  return (Math.floor(us / DAY_US) + daysLeft + 1) * DAY_US;
}

/** Whether Access takes the token's secret at a time (microseconds). */
export function isValidAt({ enabled, expiresUs }: ServiceAccount, us: number): boolean {
  return enabled && us < expiresUs;
}

/** All are valid for long where it is quiet. */
export function createServiceAccounts(seed: number, quiet: boolean): ServiceAccount[] {
  return TOKENS.map((name, index) => ({
    id: uuidFor(seed, `token:${name}`),
    name,
    clientId: `${hexFor(seed, `client:${name}`, 32)}.access`,
    enabled: quiet || name !== 'old-cron',
    expiresUs: Date.UTC(!quiet && name === 'partner-import' ? 2026 : 2028, 0) * 1000,
    duration: name === 'backup-job' ? 'forever' : '8760h',
    ...(!quiet && name in ABOUT_TO_EXPIRE ? { alwaysLeft: ABOUT_TO_EXPIRE[name] } : {}),
    version: 1 + (index % 3),
    host: 200 + index,
  }));
}

export function createCertificates(seed: number, quiet: boolean): ClientCertificate[] {
  return CERTIFICATES.map(([name, commonName, hostnames], index) => ({
    id: uuidFor(seed, `certificate:${name}`),
    name,
    commonName,
    serial: BigInt(`0x${hexFor(seed, `serial:${name}`, 30)}`).toString(),
    fingerprint: `MD5 Fingerprint=${(hexFor(seed, `md5:${name}`, 32).toUpperCase().match(/../g) ?? []).join(':')}`,
    hostnames,
    alwaysLeft: quiet ? 400 : [400, 3, 20, 90][index],
  }));
}
