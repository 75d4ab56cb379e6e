import { catalogue, QUERY_TYPES } from '../../catalogue';

/** A permission of an API token, as Cloudflare names it, and what it is for here. */
export interface Permission {
  name: string;
  use: string;
}

/** The catalogue's permissions, without which a query type can't be queried. */
export function surfacePermissions(): Permission[] {
  const uses = new Map<string, string[]>();
  for (const queryType of QUERY_TYPES) {
    const { permission, title } = catalogue[queryType];
    uses.set(permission, [...(uses.get(permission) ?? []), title]);
  }
  return [...uses].map(([name, titles]) => ({ name, use: titles.join(', ') }));
}

/** Permissions that fill lists and pickers, and that say what IDs are called. */
export const LIST_PERMISSIONS: Permission[] = [
  {
    name: 'Access: Organizations, Identity Providers, and Groups Read',
    use: 'Finds the identity providers that use SCIM, shows their names, and explains logins',
  },
  { name: 'Access: Apps and Policies Read', use: 'Shows the names of applications and policies, and explains logins' },
  { name: 'Access: Service Tokens Read', use: 'Shows the names of service tokens, and explains logins' },
  { name: 'Access: Mutual TLS Certificates Read', use: 'Explains logins with certificates' },
  { name: 'Account Settings Read', use: 'Fills the account picker above' },
  {
    name: 'Zero Trust Read',
    use: 'Explains logins by lists and posture checks. In some accounts also needed for users, their failed logins, and their sessions',
  },
];
