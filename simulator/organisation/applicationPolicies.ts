import { ACCOUNT_ID } from '../constants';
import { uuidFor } from '../hash';
import { inGroup } from './accessGroups';
import { DEPARTMENT, GITHUB_ORGANISATION, GITHUB_TEAM, LEARNERS, ROLE } from './directory';
import type { PolicyDocument } from './documents';
import { ENTRA, GITHUB, GOOGLE, OIDC, SAML } from './identityProviders';
import { ATTACK_COUNTRIES } from './offices';
import { country, domain, email, everyone, PolicyMaker, risk, type Known } from './policyMaker';
import { INTUNE } from './posture';

/** The authentication context that Entra ID gives after a strong sign-in. */
export const STRONG_CONTEXT = 'c1';

/** Policies of every application by its name, the first with precedence 1. Every rule type is in one of them. */
export function createPolicies(known: Known): Map<string, PolicyDocument[]> {
  const { seed, people, providers, lists, groups } = known;
  const make = new PolicyMaker(known);
  const { machines, everybody, noOffice, risky } = make.reusable();
  const finance = people.flatMap((person) => (person.team === 'finance' ? [person.email] : []));
  return new Map<string, PolicyDocument[]>([
    [
      'Wiki',
      [
        make.policy('Wiki', 'Everybody', 'allow', {
          include: [domain],
          exclude: [make.leavers(), ...ATTACK_COUNTRIES.map(country)],
        }),
      ],
    ],
    [
      'Issue tracker',
      [make.policy('Issue tracker:scanners', 'Scanners', 'non_identity', { include: [make.commonName(2)] }), everybody],
    ],
    [
      'Source control',
      [
        // Service Auth comes first wherever it stands.
        ...(make.differs(1) ? [risky, machines] : [machines, risky]),
        make.policy('Source control', 'Engineering and security', 'allow', {
          include: make.teams('engineering', 'security'),
          require: [make.passes(INTUNE)],
        }),
      ],
    ],
    [
      'Build server',
      [
        make.policy('Build server', 'Engineering', 'allow', { include: make.teams('engineering') }),
        make.policy('Build server:machines', 'Build machines', 'non_identity', {
          include: [make.token('build-runner'), make.token('deploy-bot')],
          require: [{ ip: { ip: '198.51.100.0/24' } }],
        }),
      ],
    ],
    [
      'Grafana',
      [
        machines,
        make.policy('Grafana', 'Dashboards', 'allow', { include: make.teams('engineering', 'support', 'security') }),
        make.policy('Grafana:members', 'Cloudflare administrators', 'allow', {
          include: [{ cloudflare_account_member: { account_id: ACCOUNT_ID } }],
        }),
      ],
    ],
    [
      'Customer support desk',
      [
        make.policy('Customer support desk:abroad', 'Outside of our countries', 'deny', {
          include: [everyone],
          exclude: [
            inGroup(groups.officeCountries),
            ...(make.differs(2) ? [country('FR'), country('NL')] : [country('IE')]),
          ],
        }),
        make.policy('Customer support desk', 'Support and sales', 'allow', { include: make.teams('support', 'sales') }),
      ],
    ],
    [
      'Payroll',
      [
        make.policy('Payroll:kiosks', 'Kiosks', 'non_identity', { include: [make.commonName(0)] }),
        make.policy('Payroll', 'Payroll', 'allow', {
          include: make.teams('finance', 'people'),
          require: [{ certificate: {} }, { auth_method: { auth_method: 'mfa' } }],
        }),
      ],
    ],
    [
      'Ledger',
      [
        make.policy('Ledger:leads', 'Finance leads', 'allow', { include: finance.slice(0, 2).map(email) }),
        make.policy(
          'Ledger',
          'Finance, when approved',
          'allow',
          { include: make.teams('finance') },
          {
            purpose_justification_required: true,
            purpose_justification_prompt: 'Why do you need the ledger?',
            approval_required: true,
            approval_groups: [{ approvals_needed: 1, email_list_uuid: lists.approvers.id }],
          }
        ),
      ],
    ],
    [
      'Sales dashboard',
      [
        make.policy('Sales dashboard:contractors', 'Contractors', 'deny', { include: make.teams('contractors') }),
        make.policy('Sales dashboard', 'Sales and finance', 'allow', { include: make.teams('sales', 'finance') }),
      ],
    ],
    [
      'Admin console',
      [
        make.policy('Admin console', 'Administrators', 'allow', {
          include: make.teams('engineering', 'security'),
          require: [
            { login_method: { id: providers[ENTRA].id } },
            {
              auth_context: {
                id: uuidFor(seed, 'auth-context:strong'),
                ac_id: STRONG_CONTEXT,
                identity_provider_id: providers[ENTRA].id,
              },
            },
            make.commonName(1),
            inGroup(groups.managedDevice),
          ],
        }),
      ],
    ],
    [
      'Staging',
      [
        make.policy('Staging:uptime', 'Uptime checks', 'bypass', { include: [{ ip: { ip: '198.51.100.202/32' } }] }),
        machines,
        make.policy('Staging', 'Engineering and contractors', 'allow', {
          include: make.teams('engineering', 'contractors'),
        }),
        make.policy('Staging:testers', 'Testers', 'allow', {
          include: [{ oidc: { claim_name: ROLE, claim_value: 'tester', identity_provider_id: providers[OIDC].id } }],
        }),
      ],
    ],
    [
      'Artifact registry',
      [
        make.policy('Artifact registry:machines', 'Any machine', 'non_identity', {
          include: [{ any_valid_service_token: {} }],
        }),
        make.policy('Artifact registry', 'Engineering', 'allow', {
          include: [
            ...make.teams('engineering'),
            {
              'github-organization': {
                name: GITHUB_ORGANISATION,
                team: GITHUB_TEAM,
                identity_provider_id: providers[GITHUB].id,
              },
            },
          ],
        }),
      ],
    ],
    [
      'CRM',
      [
        noOffice,
        make.policy('CRM', 'Sales and support', 'allow', {
          include: make.teams('sales', 'support'),
          require: [
            {
              external_evaluation: {
                evaluate_url: 'https://evaluate.example.com/crm',
                keys_url: 'https://evaluate.example.com/keys',
              },
            },
          ],
        }),
      ],
    ],
    [
      'Expense reports',
      [
        make.policy('Expense reports:partner', 'By the partner', 'allow', {
          include: (['sales', 'support', 'finance', 'people'] as const).map((team) => ({
            saml: { attribute_name: DEPARTMENT, attribute_value: team, identity_provider_id: providers[SAML].id },
          })),
        }),
        make.policy('Expense reports', 'Staff and contractors', 'allow', {
          include: [inGroup(groups.staff), ...make.teams('contractors')],
        }),
      ],
    ],
    [
      'Learning portal',
      [
        make.policy('Learning portal', 'Learners', 'allow', {
          include: [
            { gsuite: { email: LEARNERS, identity_provider_id: providers[GOOGLE].id } },
            inGroup(groups.staff),
            ...make.teams('contractors'),
          ],
        }),
      ],
    ],
    [
      'Bastion',
      [
        make.policy('Bastion', 'Engineering and security', 'allow', {
          include: make.teams('engineering', 'security'),
          require: [inGroup(groups.trustedConnection)],
          exclude: make.differs(3) ? [risk('medium', 'high')] : [],
        }),
      ],
    ],
    [
      'Remote desktop',
      [
        make.policy('Remote desktop', 'Contractors and support', 'allow', {
          include: make.teams('contractors', 'support'),
          exclude: [risk('high')],
        }),
      ],
    ],
    [
      'Warp Login App',
      [
        make.policy('Warp Login App', 'Device enrollment', 'allow', {
          include: [inGroup(groups.staff), ...make.teams('contractors')],
        }),
      ],
    ],
    ['Webmail', [noOffice, everybody]],
    [
      'Telemetry intake',
      [
        make.policy('Telemetry intake', 'Any token', 'non_identity', {
          include: [{ any_valid_service_token: {} }, make.linkedApp('Grafana')],
        }),
        make.policy('Telemetry intake:people', 'Engineering', 'allow', { include: make.teams('engineering') }),
      ],
    ],
    ['Status page', [make.policy('Status page', 'Everybody', 'bypass', { include: [everyone] })]],
  ]);
}
