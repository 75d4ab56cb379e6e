import { uuidFor } from '../hash';
import { createApplications, type Application } from './applications';
import { createProviders, type Provider } from './identityProviders';
import { createCertificates, createServiceAccounts, type ClientCertificate, type ServiceAccount } from './machines';
import { createPeople, TEAMS, type Person, type Team } from './people';

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly team: Team;
}

/** Who and what exists. It never changes for a seed; what happens is in `events/`. */
export interface Organisation {
  readonly seed: number;
  readonly people: readonly Person[];
  readonly applications: readonly Application[];
  readonly providers: readonly Provider[];
  readonly groups: readonly Group[];
  readonly serviceAccounts: readonly ServiceAccount[];
  readonly certificates: readonly ClientCertificate[];
  /** Id of the reusable policy that lets service tokens in. */
  readonly serviceAuthPolicyId: string;
}

export function createOrganisation(seed: number, people = 300): Organisation {
  return {
    seed,
    people: createPeople(seed, people),
    applications: createApplications(seed),
    providers: createProviders(seed),
    groups: TEAMS.map((team) => ({
      id: uuidFor(seed, `group:${team}`),
      name: team[0].toUpperCase() + team.slice(1),
      team,
    })),
    serviceAccounts: createServiceAccounts(seed),
    certificates: createCertificates(seed),
    serviceAuthPolicyId: uuidFor(seed, 'policy:service-auth'),
  };
}
