import { catalogue, QUERY_TYPES } from '../../catalogue';

/** A permission of an API token, as Cloudflare names it, and what it is for here. */
export interface Permission {
  name: string;
  use: string;
}

/** Permissions of the query types that the logs are made of. Inventories are lists, whose permissions do more. */
export function surfacePermissions(): Permission[] {
  const uses = new Map<string, string[]>();
  for (const queryType of QUERY_TYPES.filter((name) => !catalogue[name].inventory)) {
    const { permission, title } = catalogue[queryType];
    uses.set(permission, [...(uses.get(permission) ?? []), title]);
  }
  return [...uses].map(([name, titles]) => ({ name, use: titles.join(', ') }));
}

/** Permissions of lists, which also fill pickers and say what IDs are called. */
export const LIST_PERMISSIONS: Permission[] = [
  {
    name: 'Access: Organizations, Identity Providers, and Groups Read',
    use: 'Finds the identity providers that use SCIM, shows their names, and explains logins',
  },
  {
    name: 'Access: Apps and Policies Read',
    use: 'Lists applications, shows the names of applications and policies, and explains logins',
  },
  { name: 'Access: Service Tokens Read', use: 'Lists service tokens, shows their names, and explains logins' },
  { name: 'Access: Mutual TLS Certificates Read', use: 'Lists mTLS certificates, and explains logins with them' },
  { name: 'Account Settings Read', use: 'Fills the account picker above' },
  {
    name: 'Zero Trust Read',
    use: 'Explains logins by lists and posture checks. In some accounts also needed for users, their failed logins, and their sessions',
  },
];
