import { ACCOUNT_ID } from '../constants';
import { hash, uuidFor } from '../hash';
import { inGroup, type AccessGroups } from './accessGroups';
import { STRONG_CONTEXT } from './applicationPolicies';
import { DEPARTMENT, entraGroup, GITHUB_ORGANISATION, GITHUB_TEAM, LEARNERS, OKTA_GROUP, ROLE } from './directory';
import type { AccessRule, Configuration, GroupDocument, PolicyDocument, Rules } from './documents';
import { ENTRA, GITHUB, GOOGLE, OIDC, OKTA, SAML } from './identityProviders';
import type { Mistake, Mistakes } from './mistakes';
import { country, domain, email, everyone, PolicyMaker, risk, type Known } from './policyMaker';
import { TEAMS } from './people';

const GROUPS = 8;
const REUSABLE = 4;
const COUNTRIES = ['GB', 'US', 'DE', 'FR', 'NL', 'IE', 'BR', 'RU'];
const DECISIONS = ['allow', 'allow', 'allow', 'deny', 'non_identity', 'bypass'] as const;

/**
 * Policies that nobody would write: every rule type in every place, groups that contain each other and themselves,
 * and changes of all of it. An explanation has to be right under these, too.
 */
export class RandomPolicies {
  private drawn = 0;
  private readonly make: PolicyMaker;
  private readonly ids: readonly string[];
  /** Groups of groups, with circles. */
  readonly groups: readonly GroupDocument[];

  constructor(private readonly known: Known) {
    this.make = new PolicyMaker(known);
    this.ids = Array.from({ length: GROUPS }, (_, i) => uuidFor(known.seed, `random group:${i}`));
    this.groups = this.ids.map((id, i) => ({ id, name: `Random ${i}`, ...this.rules() }));
  }

  /** Policies of every application by its name. Each has one at least. */
  policies(): Map<string, PolicyDocument[]> {
    const shared = Array.from({ length: REUSABLE }, (_, i) => this.policy(`Shared ${i}`, true));
    return new Map(
      this.known.applications.map(({ name }) => {
        const own = Array.from({ length: 1 + this.below(4) }, (_, i) => this.policy(`${name} ${i}`, false));
        return [name, this.below(3) === 0 ? [...own, this.one(shared)] : own];
      })
    );
  }

  /** Changes to policies, groups, and applications, each for some hours of a day. */
  mistakes({ applications, groups }: Configuration): Mistakes {
    const policies = applications.map(({ uid, policies: its }): Mistake => {
      const { id, name, reusable } = this.one(its);
      const path = reusable ? `policies/${id}` : `apps/${uid}/policies/${id}`;
      return { kind: 'policy', id, name, path, made: this.rules() };
    });
    const { id, name } = this.one(groups);
    const { uid } = this.one(applications);
    return {
      policies,
      opened: { ...policies[0], made: { include: [{ everyone: {} }], require: [] } },
      others: [
        { kind: 'group', id, name, path: `groups/${id}`, made: this.rules() },
        { kind: 'application', id: uid, name: uid, path: `apps/${uid}`, made: { allowedIdps: [this.provider()] } },
      ],
    };
  }

  private below(n: number): number {
    return hash(this.known.seed, this.drawn++, 606) % n;
  }

  private one<T>(all: readonly T[]): T {
    return all[this.below(all.length)];
  }

  private provider(): string {
    return this.one(this.known.providers).id;
  }

  private policy(name: string, reusable: boolean): PolicyDocument {
    const decision = this.one(DECISIONS);
    const wantsApproval = decision === 'allow' && this.below(8) === 0;
    const approval = {
      approval_required: true,
      approval_groups: [{ approvals_needed: 1, email_list_uuid: this.known.lists.approvers.id }],
    };
    return this.make.policy(`random:${name}`, name, decision, this.rules(), {
      reusable,
      ...(wantsApproval ? approval : {}),
    });
  }

  private rules(): Rules {
    const some = (count: number) => Array.from({ length: count }, () => this.rule());
    return {
      include: some(1 + this.below(3)),
      require: some(this.below(5) === 0 ? 2 : this.below(2)),
      exclude: some(this.below(3) === 0 ? 1 : 0),
    };
  }

  private rule(): AccessRule {
    const { seed, people, providers, lists, groups, serviceAccounts, certificates, applications, posture } = this.known;
    const at = (index: number) => ({ identity_provider_id: providers[index].id });
    return this.one<() => AccessRule>([
      () => everyone,
      () => domain,
      () => ({ email_domain: { domain: 'example.org' } }),
      () => email(this.one(people).email),
      () => ({ email_list: { id: this.one([lists.leavers, lists.approvers]).id } }),
      () => country(this.one(COUNTRIES)),
      () => country(this.one(COUNTRIES)),
      () => ({ ip: { ip: this.one(['192.0.2.0/24', '198.51.100.0/25', '203.0.113.0/26', '2001:db8::/32']) } }),
      () => ({ ip_list: { id: lists.officeNetworks.id } }),
      () => inGroup(this.anyGroup(groups)),
      () => inGroup(this.anyGroup(groups)),
      () => ({ group: { id: this.one(this.ids) } }),
      () => ({ group: { id: this.one(this.ids) } }),
      () => ({ login_method: { id: this.provider() } }),
      () => ({ auth_method: { auth_method: this.one(['mfa', 'pwd', 'hwk']) } }),
      () => ({ auth_context: { id: uuidFor(seed, 'auth-context:strong'), ac_id: STRONG_CONTEXT, ...at(ENTRA) } }),
      () => ({ azureAD: { id: entraGroup(seed, this.one(TEAMS)), ...at(ENTRA) } }),
      () => ({ okta: { name: OKTA_GROUP, ...at(OKTA) } }),
      () => ({ gsuite: { email: LEARNERS, ...at(GOOGLE) } }),
      () => ({ 'github-organization': { name: GITHUB_ORGANISATION, team: GITHUB_TEAM, ...at(GITHUB) } }),
      () => ({ saml: { attribute_name: DEPARTMENT, attribute_value: this.one(TEAMS), ...at(SAML) } }),
      () => ({ oidc: { claim_name: ROLE, claim_value: this.one(['tester', 'guest']), ...at(OIDC) } }),
      () => ({ service_token: { token_id: this.one(serviceAccounts).id } }),
      () => ({ any_valid_service_token: {} }),
      () => ({ certificate: {} }),
      () => ({ common_name: { common_name: this.one(certificates).commonName } }),
      () => ({ device_posture: { integration_uid: this.one(posture).id } }),
      () => ({ device_posture: { integration_uid: this.one(posture).id } }),
      () => ({ linked_app_token: { app_uid: this.one(applications).uid } }),
      () => risk(this.one(['medium', 'high'] as const)),
      () => ({ cloudflare_account_member: { account_id: ACCOUNT_ID } }),
      () => ({
        external_evaluation: {
          evaluate_url: 'https://evaluate.example.com/random',
          keys_url: 'https://evaluate.example.com/keys',
        },
      }),
    ])();
  }

  private anyGroup({ all }: AccessGroups): GroupDocument {
    return this.one(all);
  }
}
