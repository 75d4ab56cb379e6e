import { hexFor, uuidFor } from '../hash';
import { ENTRA, GITHUB, GOOGLE, OIDC, OKTA, SAML } from './identityProviders';
import type { Team } from './people';

export type AppType = 'self_hosted' | 'saas' | 'ssh' | 'vnc' | 'warp' | 'app_launcher' | 'bookmark';

/** What an application is and who uses it. Who may is in `applicationPolicies.ts`. */
export interface Application {
  readonly uid: string;
  readonly aud: string;
  readonly name: string;
  readonly type: AppType;
  /** Absent for applications without a host name of their own. */
  readonly domain?: string;
  readonly paths: readonly string[];
  /** Teams whose people use it; empty means everybody. */
  readonly teams: readonly Team[];
  /** How often people choose it, relative to the others. */
  readonly weight: number;
  /** Identity providers that people are offered, as indexes; empty means all. */
  readonly offers: readonly number[];
  /** A provider that some people sign in with here, although it is not theirs, and their share. */
  readonly alternative?: readonly [provider: number, share: number];
  /** Index of the client certificate that people's devices have for it. */
  readonly certificate?: number;
  /** Whether only people with a WARP client use it. */
  readonly needsWarp: boolean;
  /** Whether machines call it. */
  readonly takesMachines: boolean;
}

type Plan = Partial<Omit<Application, 'uid' | 'aud'>> & Pick<Application, 'name' | 'weight'>;

const PLANS: Plan[] = [
  {
    name: 'Wiki',
    domain: 'wiki.example.com',
    paths: ['/spaces/ops', '/spaces/hr', '/search'],
    weight: 20,
    offers: [ENTRA, OKTA, GOOGLE],
  },
  {
    name: 'Issue tracker',
    domain: 'issues.example.com',
    paths: ['/projects', '/boards/7'],
    weight: 17,
    takesMachines: true,
  },
  {
    name: 'Source control',
    domain: 'git.example.com',
    paths: ['/platform'],
    teams: ['engineering', 'security'],
    weight: 16,
    takesMachines: true,
  },
  {
    name: 'Build server',
    domain: 'ci.example.com',
    paths: ['/job/deploy'],
    teams: ['engineering'],
    weight: 9,
    takesMachines: true,
  },
  {
    name: 'Grafana',
    domain: 'grafana.example.com',
    paths: ['/d', '/explore'],
    teams: ['engineering', 'support', 'security'],
    weight: 9,
    takesMachines: true,
  },
  {
    name: 'Customer support desk',
    domain: 'desk.example.com',
    paths: ['/tickets'],
    teams: ['support', 'sales'],
    weight: 14,
  },
  {
    name: 'Payroll',
    domain: 'payroll.example.com',
    teams: ['finance', 'people'],
    weight: 5,
    certificate: 3,
    takesMachines: true,
  },
  {
    name: 'Ledger',
    domain: 'ledger.example.com',
    paths: ['/reports'],
    teams: ['finance'],
    weight: 6,
  },
  { name: 'Sales dashboard', domain: 'sales.example.com', teams: ['sales', 'finance'], weight: 8 },
  {
    name: 'Admin console',
    domain: 'admin.example.com',
    paths: ['/users'],
    teams: ['engineering', 'security'],
    weight: 5,
    certificate: 1,
    needsWarp: true,
    offers: [ENTRA],
  },
  {
    name: 'Staging',
    domain: 'staging.example.com',
    paths: ['/checkout'],
    teams: ['engineering', 'contractors'],
    weight: 8,
    takesMachines: true,
    alternative: [OIDC, 0.15],
  },
  {
    name: 'Artifact registry',
    domain: 'registry.example.com',
    paths: ['/v2'],
    teams: ['engineering'],
    weight: 4,
    takesMachines: true,
    alternative: [GITHUB, 0.5],
  },
  { name: 'CRM', type: 'saas', domain: 'crm.example.com', teams: ['sales', 'support'], weight: 11 },
  { name: 'Expense reports', type: 'saas', domain: 'expenses.example.com', weight: 4, alternative: [SAML, 0.2] },
  { name: 'Learning portal', type: 'saas', domain: 'learn.example.com', weight: 3, alternative: [GOOGLE, 0.3] },
  {
    name: 'Bastion',
    type: 'ssh',
    domain: 'bastion.example.com',
    teams: ['engineering', 'security'],
    weight: 4,
    needsWarp: true,
  },
  { name: 'Remote desktop', type: 'vnc', domain: 'desktop.example.com', teams: ['contractors', 'support'], weight: 3 },
  { name: 'Warp Login App', type: 'warp', domain: 'example.cloudflareaccess.com/warp', weight: 6 },
  { name: 'Webmail', domain: 'mail.example.com', paths: ['/inbox'], weight: 18 },
  { name: 'Telemetry intake', teams: ['engineering'], weight: 1, takesMachines: true },
  { name: 'Status page', domain: 'status.example.com', weight: 0 },
];

export function createApplications(seed: number): Application[] {
  return PLANS.map((plan) => ({
    uid: uuidFor(seed, `app:${plan.name}`),
    aud: hexFor(seed, `aud:${plan.name}`, 64),
    type: 'self_hosted',
    paths: [],
    teams: [],
    offers: [],
    needsWarp: false,
    takesMachines: false,
    ...plan,
  }));
}
