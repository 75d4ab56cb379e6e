import { hexFor, uuidFor } from '../hash';
import type { Team } from './people';

export type AppType = 'self_hosted' | 'saas' | 'ssh' | 'vnc' | 'warp' | 'app_launcher' | 'bookmark';

export interface Application {
  readonly uid: string;
  readonly aud: string;
  readonly name: string;
  readonly type: AppType;
  /** Absent for applications without a host name of their own. */
  readonly domain?: string;
  readonly paths: readonly string[];
  /** Teams that its policy allows; empty means everybody. */
  readonly teams: readonly Team[];
  /** How often people choose it, relative to the others. */
  readonly weight: number;
  readonly policyId: string;
  readonly serviceAuth: boolean;
  readonly requiresCertificate: boolean;
  /** Whether it asks people for a reason, and others for their approval. */
  readonly asksForReason: boolean;
}

interface Plan {
  name: string;
  type?: AppType;
  domain?: string;
  paths?: string[];
  teams?: Team[];
  weight: number;
  serviceAuth?: boolean;
  requiresCertificate?: boolean;
  asksForReason?: boolean;
}

const PLANS: Plan[] = [
  { name: 'Wiki', domain: 'wiki.example.com', paths: ['/spaces/ops', '/spaces/hr', '/search'], weight: 20 },
  { name: 'Issue tracker', domain: 'issues.example.com', paths: ['/projects', '/boards/7'], weight: 17 },
  {
    name: 'Source control',
    domain: 'git.example.com',
    paths: ['/platform'],
    teams: ['engineering', 'security'],
    weight: 16,
    serviceAuth: true,
  },
  {
    name: 'Build server',
    domain: 'ci.example.com',
    paths: ['/job/deploy'],
    teams: ['engineering'],
    weight: 9,
    serviceAuth: true,
  },
  {
    name: 'Grafana',
    domain: 'grafana.example.com',
    paths: ['/d', '/explore'],
    teams: ['engineering', 'support', 'security'],
    weight: 9,
    serviceAuth: true,
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
    requiresCertificate: true,
  },
  {
    name: 'Ledger',
    domain: 'ledger.example.com',
    paths: ['/reports'],
    teams: ['finance'],
    weight: 6,
    asksForReason: true,
  },
  { name: 'Sales dashboard', domain: 'sales.example.com', teams: ['sales', 'finance'], weight: 8 },
  {
    name: 'Admin console',
    domain: 'admin.example.com',
    paths: ['/users'],
    teams: ['engineering', 'security'],
    weight: 5,
    requiresCertificate: true,
  },
  {
    name: 'Staging',
    domain: 'staging.example.com',
    paths: ['/checkout'],
    teams: ['engineering', 'contractors'],
    weight: 8,
    serviceAuth: true,
  },
  {
    name: 'Artifact registry',
    domain: 'registry.example.com',
    paths: ['/v2'],
    teams: ['engineering'],
    weight: 4,
    serviceAuth: true,
  },
  { name: 'CRM', type: 'saas', domain: 'crm.example.com', teams: ['sales', 'support'], weight: 11 },
  { name: 'Expense reports', type: 'saas', domain: 'expenses.example.com', weight: 4 },
  { name: 'Learning portal', type: 'saas', domain: 'learn.example.com', weight: 3 },
  { name: 'Bastion', type: 'ssh', domain: 'bastion.example.com', teams: ['engineering', 'security'], weight: 4 },
  { name: 'Remote desktop', type: 'vnc', domain: 'desktop.example.com', teams: ['contractors', 'support'], weight: 3 },
  { name: 'Warp Login App', type: 'warp', domain: 'example.cloudflareaccess.com/warp', weight: 6 },
  { name: 'Webmail', domain: 'mail.example.com', paths: ['/inbox'], weight: 18 },
  { name: 'Telemetry intake', teams: ['engineering'], weight: 1, serviceAuth: true },
];

export function createApplications(seed: number): Application[] {
  return PLANS.map((plan) => ({
    uid: uuidFor(seed, `app:${plan.name}`),
    aud: hexFor(seed, `aud:${plan.name}`, 64),
    name: plan.name,
    type: plan.type ?? 'self_hosted',
    domain: plan.domain,
    paths: plan.paths ?? [],
    teams: plan.teams ?? [],
    weight: plan.weight,
    policyId: uuidFor(seed, `policy:${plan.name}`),
    serviceAuth: plan.serviceAuth ?? false,
    requiresCertificate: plan.requiresCertificate ?? false,
    asksForReason: plan.asksForReason ?? false,
  }));
}
