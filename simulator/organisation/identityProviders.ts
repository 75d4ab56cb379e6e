import { uuidFor } from '../hash';

export interface Provider {
  readonly id: string;
  readonly name: string;
  /** Also the value of `connection` in the logs. */
  readonly type: 'azureAD' | 'okta' | 'onetimepin';
  readonly scim: boolean;
}

export function createProviders(seed: number): Provider[] {
  return [
    { id: uuidFor(seed, 'idp:entra'), name: 'Entra ID', type: 'azureAD', scim: true },
    { id: uuidFor(seed, 'idp:okta'), name: 'Okta contractors', type: 'okta', scim: true },
    { id: uuidFor(seed, 'idp:pin'), name: 'One-time PIN', type: 'onetimepin', scim: false },
  ];
}
