import { uuidFor } from '../hash';
import { entraGroup, OKTA_GROUP } from './directory';
import type { AccessRule, GroupDocument } from './documents';
import { ENTRA, OKTA, PIN, type Provider } from './identityProviders';
import type { Lists } from './lists';
import { OFFICES } from './offices';
import { TEAMS, type Person, type Team } from './people';
import { DISK, INTUNE, WARP, type PostureRule } from './posture';

/** The groups of Access by what they are for. */
export interface AccessGroups {
  readonly teams: Readonly<Record<Team, GroupDocument>>;
  /** Everybody but contractors: a group of groups. */
  readonly staff: GroupDocument;
  readonly officeCountries: GroupDocument;
  readonly managedDevice: GroupDocument;
  readonly trustedConnection: GroupDocument;
  /** In the order of the API. */
  readonly all: readonly GroupDocument[];
}

interface Known {
  seed: number;
  people: readonly Person[];
  providers: readonly Provider[];
  lists: Lists;
  posture: readonly PostureRule[];
}

export function inGroup({ id }: GroupDocument): AccessRule {
  return { group: { id } };
}

export function createAccessGroups({ seed, people, providers, lists, posture }: Known): AccessGroups {
  const group = (name: string, rules: Partial<GroupDocument>): GroupDocument => ({
    id: uuidFor(seed, `group:${name.toLowerCase()}`),
    name,
    include: [],
    require: [],
    exclude: [],
    ...rules,
  });
  const team = (its: Team): GroupDocument => {
    const directory: AccessRule =
      its === 'contractors'
        ? { okta: { name: OKTA_GROUP, identity_provider_id: providers[OKTA].id } }
        : { azureAD: { id: entraGroup(seed, its), identity_provider_id: providers[ENTRA].id } };
    // Who has no account at the provider is named.
    const named = people.filter((person) => person.team === its && person.provider === PIN);
    return group(its[0].toUpperCase() + its.slice(1), {
      include: [directory, ...named.map(({ email }): AccessRule => ({ email: { email } }))],
      exclude: [{ email_list: { id: lists.leavers.id } }],
    });
  };
  const teams = Object.fromEntries(TEAMS.map((its) => [its, team(its)])) as Record<Team, GroupDocument>;
  const staff = group('Staff', {
    include: TEAMS.filter((its) => its !== 'contractors').map((its) => inGroup(teams[its])),
  });
  const officeCountries = group('Office countries', {
    include: [...new Set(OFFICES.map(({ country }) => country))].map((country_code) => ({ geo: { country_code } })),
  });
  const passes = (index: number): AccessRule => ({ device_posture: { integration_uid: posture[index].id } });
  const managedDevice = group('Managed device', { include: [passes(INTUNE)], require: [passes(DISK)] });
  const trustedConnection = group('Trusted connection', {
    include: [passes(WARP), { ip_list: { id: lists.officeNetworks.id } }],
  });
  // Nothing uses these two, and each contains the other.
  const [left, right] = ['Merger north', 'Merger south'].map((name) => group(name, {}));
  return {
    teams,
    staff,
    officeCountries,
    managedDevice,
    trustedConnection,
    all: [
      ...TEAMS.map((its) => teams[its]),
      staff,
      officeCountries,
      managedDevice,
      trustedConnection,
      { ...left, include: [inGroup(right)] },
      { ...right, include: [inGroup(left)] },
    ],
  };
}
