import { hash } from '../hash';
import { createAccessGroups } from './accessGroups';
import { createPolicies } from './applicationPolicies';
import { Approvals } from './approvals';
import { createApplications, type Application } from './applications';
import { entraGroup } from './directory';
import type { Configuration } from './documents';
import { History } from './history';
import { createProviders, type Provider } from './identityProviders';
import { createLists } from './lists';
import { createCertificates, createServiceAccounts, type ClientCertificate, type ServiceAccount } from './machines';
import { createMistakes, type Mistake } from './mistakes';
import { createPeople, TEAMS, type Person, type Team } from './people';
import { createPostureRules, type PostureRule } from './posture';
import { RandomPolicies } from './randomPolicies';

/** A group of people at the identity providers. */
export interface Group {
  readonly id: string;
  readonly name: string;
  readonly team: Team;
}

/** Who and what exists. Only the configuration of Access changes, and `history` tells how; what happens is in `events/`. */
export interface Organisation {
  readonly seed: number;
  readonly people: readonly Person[];
  readonly applications: readonly Application[];
  readonly providers: readonly Provider[];
  readonly groups: readonly Group[];
  readonly postureRules: readonly PostureRule[];
  readonly serviceAccounts: readonly ServiceAccount[];
  readonly certificates: readonly ClientCertificate[];
  /** Who may approve temporary access, by e-mail address. */
  readonly approvers: readonly string[];
  readonly approvals: Approvals;
  readonly history: History;
  /** What an attacker with an administrator's account does. */
  readonly opened: Mistake;
  /** Nothing happens that is odd, unless it is played. */
  readonly quiet: boolean;
}

/** What makes an organisation other than the one that an administrator would write. */
export interface Variation {
  /** Nothing odd happens, unless it is played. */
  quiet?: boolean;
  /** Policies, groups, and their changes are drawn at random. */
  randomPolicies?: boolean;
}

export function createOrganisation(
  seed: number,
  count = 300,
  { quiet = false, randomPolicies = false }: Variation = {}
): Organisation {
  const people = createPeople(seed, count);
  const applications = createApplications(seed);
  const providers = createProviders(seed);
  const postureRules = createPostureRules(seed);
  const serviceAccounts = createServiceAccounts(seed, quiet);
  const certificates = createCertificates(seed, quiet);
  const lists = createLists(seed, people, quiet);
  const groups = createAccessGroups({ seed, people, providers, lists, posture: postureRules });
  const base = { seed, people, applications, providers, posture: postureRules, lists, groups };
  const known = { ...base, serviceAccounts, certificates };
  const random = randomPolicies ? new RandomPolicies(known) : undefined;
  const policies = random?.policies() ?? createPolicies(known);
  const configuration: Configuration = {
    applications: applications.map(({ uid, name, offers }) => ({
      uid,
      allowedIdps: offers.map((provider) => providers[provider].id),
      policies: policies.get(name) ?? [],
    })),
    groups: [...groups.all, ...(random?.groups ?? [])],
    lists: Object.values(lists),
  };
  const names = applications.map(({ name }) => name);
  const { opened, ...mistakes } =
    random?.mistakes(configuration) ?? createMistakes(seed, names, configuration, providers);
  return {
    seed,
    people,
    applications,
    providers,
    groups: TEAMS.map((team) => ({
      id: entraGroup(seed, team),
      name: team[0].toUpperCase() + team.slice(1),
      team,
    })),
    postureRules,
    serviceAccounts,
    certificates,
    approvers: lists.approvers.items,
    approvals: new Approvals(hash(seed, 505), people, applications, policies),
    history: new History(hash(seed, 404), configuration, quiet ? { policies: [], others: [] } : mistakes),
    opened,
    quiet,
  };
}
