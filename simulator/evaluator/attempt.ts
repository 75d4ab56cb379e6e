/** What Access knows of whoever signed in, from the identity provider and about the user. */
export interface SignedIn {
  readonly email: string;
  /** ID of the identity provider that was used. Everything else of a provider only counts at that provider. */
  readonly provider: string;
  /** Groups as the provider names them: IDs at Entra ID, names at Okta, addresses at Google. */
  readonly groups: readonly string[];
  /** Teams by the name of the GitHub organisation. */
  readonly github: Readonly<Record<string, readonly string[]>>;
  readonly saml: Readonly<Record<string, string>>;
  readonly oidc: Readonly<Record<string, string>>;
  readonly accountMember: boolean;
}

/** One request that Access has to decide about: all that a rule can ask. */
export interface Attempt {
  /** Absent where nobody signed in. */
  readonly user?: SignedIn;
  readonly ip: string;
  readonly country: string;
  /** IDs of the posture checks that the device passes. */
  readonly posture: ReadonlySet<string>;
  /** `amr` of the provider's answer (RFC 8176). */
  readonly authMethods: readonly string[];
  /** Authentication contexts (`acrs`) of Entra ID. */
  readonly authContexts: readonly string[];
  /** Common name of a valid client certificate. */
  readonly commonName?: string;
  /** ID of a service token whose secret was right, which is enabled and has not expired. */
  readonly serviceToken?: string;
  /** UID of the application whose token was presented. */
  readonly linkedApp?: string;
  readonly risk: 'low' | 'medium' | 'high' | 'unscored';
  /** Whether the address that an external evaluation asks says yes. */
  readonly externalAnswer: boolean;
  /** Whether somebody approved temporary access that still lasts. */
  readonly approved: boolean;
}
