import { ATTACK_COUNTRIES } from './offices';
import { hash, uuidFor } from '../hash';
import { inGroup, type AccessGroups } from './accessGroups';
import type { Application } from './applications';
import type { AccessRule, PolicyDocument, Rules } from './documents';
import type { Provider } from './identityProviders';
import type { Lists } from './lists';
import type { ClientCertificate, ServiceAccount } from './machines';
import type { Person, Team } from './people';
import type { PostureRule } from './posture';

/** What policies refer to. */
export interface Known {
  seed: number;
  people: readonly Person[];
  applications: readonly Application[];
  providers: readonly Provider[];
  posture: readonly PostureRule[];
  lists: Lists;
  groups: AccessGroups;
  serviceAccounts: readonly ServiceAccount[];
  certificates: readonly ClientCertificate[];
}

export const everyone: AccessRule = { everyone: {} };
export const domain: AccessRule = { email_domain: { domain: 'example.com' } };
export const country = (country_code: string): AccessRule => ({ geo: { country_code } });
export const email = (address: string): AccessRule => ({ email: { email: address } });
export const risk = (...user_risk_score: Array<'medium' | 'high'>): AccessRule => ({
  user_risk_score: { user_risk_score },
});

/** Makes policies and rules of an organisation. */
export class PolicyMaker {
  constructor(private readonly known: Known) {}

  /** `key` makes the ID, so that it stays when the name changes. */
  policy(
    key: string,
    name: string,
    decision: PolicyDocument['decision'],
    rules: Partial<Rules>,
    more: Partial<PolicyDocument> = {}
  ): PolicyDocument {
    const nothing = { include: [], require: [], exclude: [] };
    const id = uuidFor(this.known.seed, `policy:${key}`);
    return { id, name, decision, reusable: false, session_duration: '24h', ...nothing, ...rules, ...more };
  }

  /** Policies of the account, which several applications use. */
  reusable() {
    const { serviceAccounts } = this.known;
    const reusable = { reusable: true };
    const tokens = serviceAccounts.map(({ id }) => ({ service_token: { token_id: id } }));
    const everybody = { include: [domain], exclude: [this.leavers()] };
    const countries = { include: ATTACK_COUNTRIES.map(country) };
    return {
      machines: this.policy('service-auth', 'Service tokens', 'non_identity', { include: tokens }, reusable),
      everybody: this.policy('everybody', 'Everybody at Example', 'allow', everybody, reusable),
      noOffice: this.policy('no-office', 'Countries without an office', 'deny', countries, reusable),
      risky: this.policy('risky', 'Risky people', 'deny', { include: [risk('high')] }, reusable),
    };
  }

  teams(...teams: Team[]): AccessRule[] {
    return teams.map((team) => inGroup(this.known.groups.teams[team]));
  }

  leavers(): AccessRule {
    return { email_list: { id: this.known.lists.leavers.id } };
  }

  commonName(certificate: number): AccessRule {
    return { common_name: { common_name: this.known.certificates[certificate].commonName } };
  }

  token(name: string): AccessRule {
    const { id } = named(this.known.serviceAccounts, name);
    return { service_token: { token_id: id } };
  }

  linkedApp(name: string): AccessRule {
    return { linked_app_token: { app_uid: named(this.known.applications, name).uid } };
  }

  passes(posture: number): AccessRule {
    return { device_posture: { integration_uid: this.known.posture[posture].id } };
  }

  /** Where organisations differ: true for about half of the seeds. */
  differs(where: number): boolean {
    return hash(this.known.seed, where, 71) % 2 === 1;
  }
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (!found) {
    throw new Error(`There is no ${name}.`);
  }
  return found;
}
