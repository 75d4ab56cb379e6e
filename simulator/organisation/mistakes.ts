import type { AccessDocument, AccessRule, Configuration, GroupDocument, PolicyDocument } from './documents';
import { entraGroup } from './directory';
import { ENTRA, type Provider } from './identityProviders';

/** A change that lets in the wrong people, mostly too few. It is taken back later. */
export interface Mistake {
  readonly kind: 'policy' | 'group' | 'application';
  /** ID of what was changed. */
  readonly id: string;
  readonly name: string;
  /** Below `/accounts/{account_id}/access/`. */
  readonly path: string;
  /** The parts that were changed. */
  readonly made: Partial<PolicyDocument> | Partial<GroupDocument> | Partial<AccessDocument>;
}

/** One a day is made of the policies, and one of the others on two days of three. */
export interface Mistakes {
  policies: Mistake[];
  others: Mistake[];
  /** What an attacker with an administrator's account does. */
  opened: Mistake;
}

const only = (country_code: string): AccessRule => ({ geo: { country_code } });

/** The mistakes of the organisation that an administrator would write. */
export function createMistakes(
  seed: number,
  names: readonly string[],
  { applications, groups }: Configuration,
  providers: readonly Provider[]
): Mistakes {
  const policy = (app: string, name: string, made: (policy: PolicyDocument) => Partial<PolicyDocument>): Mistake => {
    const { uid, policies } = applications[names.indexOf(app)];
    const found = policies.find((its) => its.name === name);
    if (!found) {
      throw new Error(`${app} has no policy ${name}.`);
    }
    const path = found.reusable ? `policies/${found.id}` : `apps/${uid}/policies/${found.id}`;
    return { kind: 'policy', id: found.id, name, path, made: made(found) };
  };
  const groupNamed = (name: string): GroupDocument => {
    const found = groups.find((group) => group.name === name);
    if (!found) {
      throw new Error(`There is no group ${name}.`);
    }
    return found;
  };
  const sales = groupNamed('Sales');
  const staging = applications[names.indexOf('Staging')];
  return {
    policies: [
      // Everything under Require must hold, and nobody is in two countries at once.
      policy('Wiki', 'Everybody', () => ({ require: [only('GB'), only('US')] })),
      policy('Customer support desk', 'Support and sales', () => ({
        include: [{ group: { id: groupNamed('Finance').id } }, { group: { id: sales.id } }],
      })),
      policy('Source control', 'Engineering and security', ({ exclude }) => ({ exclude: [...exclude, only('DE')] })),
      policy('Sales dashboard', 'Contractors', () => ({ include: [{ everyone: {} }] })),
      policy('Issue tracker', 'Everybody at Example', () => ({
        include: [{ email_domain: { domain: 'example.org' } }, { group: { id: groupNamed('Engineering').id } }],
      })),
    ],
    opened: policy('Payroll', 'Payroll', () => ({ include: [{ everyone: {} }], require: [] })),
    others: [
      {
        kind: 'group',
        id: sales.id,
        name: sales.name,
        path: `groups/${sales.id}`,
        made: {
          include: [
            { azureAD: { id: entraGroup(seed + 1, 'sales'), identity_provider_id: providers[ENTRA].id } },
            ...sales.include.slice(1),
          ],
        },
      },
      {
        kind: 'application',
        id: staging.uid,
        name: 'Staging',
        path: `apps/${staging.uid}`,
        made: { allowedIdps: [providers[ENTRA].id] },
      },
    ],
  };
}

/** The configuration with a mistake in it. */
export function withMistake(configuration: Configuration, { kind, id, made }: Mistake): Configuration {
  const { applications, groups } = configuration;
  const change = <T>(all: readonly T[], isIt: (one: T) => boolean): T[] =>
    all.map((one) => (isIt(one) ? { ...one, ...(made as Partial<T>) } : one));
  switch (kind) {
    case 'group':
      return { ...configuration, groups: change(groups, (group) => group.id === id) };
    case 'application':
      return { ...configuration, applications: change(applications, ({ uid }) => uid === id) };
    case 'policy':
      return {
        ...configuration,
        applications: applications.map((app) =>
          app.policies.some((policy) => policy.id === id)
            ? { ...app, policies: change(app.policies, (policy) => policy.id === id) }
            : app
        ),
      };
  }
}
