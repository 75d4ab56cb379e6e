import { hexFor, uuidFor } from '../hash';

/** Service tokens and client certificates: who logs in without being a person. */
export interface ServiceAccount {
  readonly id: string;
  readonly name: string;
  readonly clientId: string;
  readonly enabled: boolean;
  /** Microseconds since the epoch. */
  readonly expiresUs: number;
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
    version: 1 + (index % 3),
    host: 200 + index,
  }));
}

export function createCertificates(seed: number): ClientCertificate[] {
  return CERTIFICATES.map(([name, commonName, hostnames]) => ({
    id: uuidFor(seed, `certificate:${name}`),
    name,
    commonName,
    serial: BigInt(`0x${hexFor(seed, `serial:${name}`, 30)}`).toString(),
    fingerprint: `MD5 Fingerprint=${(hexFor(seed, `md5:${name}`, 32).toUpperCase().match(/../g) ?? []).join(':')}`,
    hostnames,
  }));
}
