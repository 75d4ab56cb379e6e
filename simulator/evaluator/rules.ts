/**
 * What each rule of a policy asks, after Cloudflare's page on Access policies. The simulated account decides
 * with this. It shares no code with the plugin, which has to find out the same from the outside.
 */
import { ruleType, type AccessRule, type Configuration, type RuleType } from '../organisation/documents';
import { rangeTest } from './address';
import type { Attempt, SignedIn } from './attempt';

export type Test = (attempt: Attempt) => boolean;

type Body<K extends RuleType> = Extract<AccessRule, Record<K, unknown>>[K];

/** What a rule may refer to. */
export interface References {
  readonly configuration: Configuration;
  /** The test of another group. */
  readonly group: (id: string) => Test;
}

const user =
  (test: (user: SignedIn) => boolean): Test =>
  (attempt) =>
    attempt.user !== undefined && test(attempt.user);

/** What a provider says of a user counts only where it is the one that was used. */
const at = (provider: string, test: (user: SignedIn) => boolean): Test =>
  user((who) => who.provider === provider && test(who));

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

function items({ configuration }: References, id: string): readonly string[] {
  return configuration.lists.find((list) => list.id === id)?.items ?? [];
}

type Makers = { readonly [K in RuleType]: (body: Body<K>, references: References) => Test };

const MAKERS: Makers = {
  group: ({ id }, { group }) => group(id),
  any_valid_service_token: () => (attempt) => attempt.serviceToken !== undefined,
  auth_context: ({ ac_id, identity_provider_id }) => {
    const asked = at(identity_provider_id, () => true);
    return (attempt) => asked(attempt) && attempt.authContexts.includes(ac_id);
  },
  auth_method:
    ({ auth_method }) =>
    (attempt) =>
      attempt.user !== undefined && attempt.authMethods.includes(auth_method),
  azureAD: ({ id, identity_provider_id }) => at(identity_provider_id, ({ groups }) => groups.includes(id)),
  certificate: () => (attempt) => attempt.commonName !== undefined,
  common_name:
    ({ common_name }) =>
    (attempt) =>
      attempt.commonName === common_name,
  geo:
    ({ country_code }) =>
    (attempt) =>
      same(attempt.country, country_code),
  device_posture:
    ({ integration_uid }) =>
    (attempt) =>
      attempt.posture.has(integration_uid),
  email_domain: ({ domain }) => user(({ email }) => same(email.slice(email.indexOf('@') + 1), domain)),
  email_list: ({ id }, references) => {
    const known = new Set(items(references, id).map((email) => email.toLowerCase()));
    return user(({ email }) => known.has(email.toLowerCase()));
  },
  email: ({ email: wanted }) => user(({ email }) => same(email, wanted)),
  everyone: () => () => true,
  external_evaluation: () => (attempt) => attempt.user !== undefined && attempt.externalAnswer,
  'github-organization': ({ name, team, identity_provider_id }) =>
    at(identity_provider_id, ({ github }) => {
      const teams = github[name];
      return teams !== undefined && (team === undefined || teams.includes(team));
    }),
  gsuite: ({ email, identity_provider_id }) => at(identity_provider_id, ({ groups }) => groups.includes(email)),
  login_method: ({ id }) => at(id, () => true),
  ip_list: ({ id }, references) => {
    const ranges = items(references, id).map(rangeTest);
    return (attempt) => ranges.some((holds) => holds(attempt.ip));
  },
  ip: ({ ip }) => {
    const holds = rangeTest(ip);
    return (attempt) => holds(attempt.ip);
  },
  okta: ({ name, identity_provider_id }) => at(identity_provider_id, ({ groups }) => groups.includes(name)),
  saml: ({ attribute_name, attribute_value, identity_provider_id }) =>
    at(identity_provider_id, ({ saml }) => saml[attribute_name] === attribute_value),
  oidc: ({ claim_name, claim_value, identity_provider_id }) =>
    at(identity_provider_id, ({ oidc }) => oidc[claim_name] === claim_value),
  service_token:
    ({ token_id }) =>
    (attempt) =>
      attempt.serviceToken === token_id,
  linked_app_token:
    ({ app_uid }) =>
    (attempt) =>
      attempt.linkedApp === app_uid,
  user_risk_score:
    ({ user_risk_score }) =>
    (attempt) =>
      attempt.user !== undefined && user_risk_score.includes(attempt.risk),
  cloudflare_account_member: () => user(({ accountMember }) => accountMember),
};

export const RULE_TYPES = Object.keys(MAKERS) as RuleType[];

export function compileRule(rule: AccessRule, references: References): Test {
  const type = ruleType(rule);
  // The maker of a type takes the body of that type; the compiler cannot follow a key from one to the other.
  const make = MAKERS[type] as (body: unknown, references: References) => Test;
  return make((rule as unknown as Record<string, unknown>)[type], references);
}
