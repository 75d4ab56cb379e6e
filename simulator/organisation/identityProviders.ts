import { uuidFor } from '../hash';

export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Also the value of `connection` in the logs. */
  readonly type: 'azureAD' | 'okta' | 'onetimepin' | 'github' | 'google-apps' | 'saml' | 'oidc';
  readonly scim: boolean;
}

/** Indexes into the providers. */
export const ENTRA = 0;
export const OKTA = 1;
export const PIN = 2;
export const GITHUB = 3;
export const GOOGLE = 4;
export const SAML = 5;
export const OIDC = 6;

export function createProviders(seed: number): Provider[] {
  return [
    { id: uuidFor(seed, 'idp:entra'), name: 'Entra ID', type: 'azureAD', scim: true },
    { id: uuidFor(seed, 'idp:okta'), name: 'Okta contractors', type: 'okta', scim: true },
    { id: uuidFor(seed, 'idp:pin'), name: 'One-time PIN', type: 'onetimepin', scim: false },
    { id: uuidFor(seed, 'idp:github'), name: 'GitHub', type: 'github', scim: false },
    { id: uuidFor(seed, 'idp:google'), name: 'Google Workspace', type: 'google-apps', scim: false },
    { id: uuidFor(seed, 'idp:saml'), name: 'Partner SSO', type: 'saml', scim: false },
    { id: uuidFor(seed, 'idp:oidc'), name: 'Keycloak', type: 'oidc', scim: false },
  ];
}
