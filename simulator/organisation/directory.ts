/** What identity providers, devices and Cloudflare know of people. It differs by seed and, for a device, by day. */
import type { SignedIn } from '../evaluator/attempt';
import { hash, unit, uuidFor } from '../hash';
import { ENTRA, GITHUB, GOOGLE, OIDC, OKTA, SAML, type Provider } from './identityProviders';
import type { Person, Team } from './people';

export const GITHUB_ORGANISATION = 'example-corp';
export const GITHUB_TEAM = 'maintainers';
export const LEARNERS = 'learners@example.com';
export const OKTA_GROUP = 'Contractors';
export const DEPARTMENT = 'department';
export const ROLE = 'role';

/** ID of a team's group at Entra ID. */
export function entraGroup(seed: number, team: Team): string {
  return uuidFor(seed, `entra-group:${team}`);
}

/** A person as a provider presents them; the same provider tells the same every time. */
export function signedIn(seed: number, person: Person, index: number, provider: Provider, which: number): SignedIn {
  const draw = (what: number) => unit(hash(seed, index, what, 41));
  const nobody: SignedIn = {
    email: person.email,
    provider: provider.id,
    groups: [],
    github: {},
    saml: {},
    oidc: {},
    accountMember: isAccountMember(seed, person, index),
  };
  switch (which) {
    case ENTRA:
      return { ...nobody, groups: person.team === 'contractors' ? [] : [entraGroup(seed, person.team)] };
    case OKTA:
      return { ...nobody, groups: person.team === 'contractors' ? [OKTA_GROUP] : [] };
    case GITHUB:
      return draw(1) < 0.93
        ? { ...nobody, github: { [GITHUB_ORGANISATION]: draw(2) < 0.93 ? [GITHUB_TEAM] : [] } }
        : nobody;
    case GOOGLE:
      return draw(3) < 0.88 ? { ...nobody, groups: [LEARNERS] } : nobody;
    case SAML:
      return { ...nobody, saml: { [DEPARTMENT]: person.team } };
    case OIDC:
      return { ...nobody, oidc: { [ROLE]: draw(4) < 0.85 ? 'tester' : 'guest' } };
    default:
      return nobody;
  }
}

/** Security's people and a few engineers look after the Cloudflare account. */
export function isAccountMember(seed: number, person: Person, index: number): boolean {
  const share = person.team === 'security' ? 0.7 : person.team === 'engineering' ? 0.06 : 0.01;
  return unit(hash(seed, index, 5, 41)) < share;
}

/** State of a person's device on a day. Checks of the WARP client need it. */
export interface Device {
  readonly compliant: boolean;
  readonly encrypted: boolean;
  readonly upToDate: boolean;
  readonly risk: 'low' | 'medium' | 'high' | 'unscored';
}

export function deviceOn(seed: number, index: number, day: number): Device {
  const draw = (what: number) => unit(hash(seed, index, day, what));
  const risk = draw(54);
  return {
    compliant: draw(51) >= 0.015,
    encrypted: draw(52) >= 0.02,
    upToDate: draw(53) >= 0.05,
    risk: risk < 0.012 ? 'high' : risk < 0.12 ? 'medium' : risk < 0.2 ? 'unscored' : 'low',
  };
}
