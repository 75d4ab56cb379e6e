import type { FeedEvent } from './feed';

export const IDENTITY = 0;
export const NON_IDENTITY = 1;

/**
 * One login, with or without an identity. Numbers and references only: the strings that a row shows are made
 * when it is shown (`loginText.ts`), so that counting a million of them stays cheap.
 */
export interface Login extends FeedEvent {
  readonly rawUs: number;
  readonly chance: number;
  readonly slot: number;
  readonly index: number;
  readonly stream: typeof IDENTITY | typeof NON_IDENTITY;
  /** Index into the people, -1 for nobody known. */
  readonly person: number;
  /** For an address that belongs to nobody: which one. */
  readonly stranger: number;
  readonly app: number;
  /** Which of the application's paths, -1 for its root. */
  readonly path: number;
  readonly allowed: boolean;
  readonly logout: boolean;
  /** Index into the providers, -1 without identity. */
  readonly provider: number;
  readonly country: string;
  /** A few rows carry their country in lower or mixed case. */
  readonly countryCase: 0 | 1 | 2;
  readonly network: string;
  readonly host: number;
  readonly v6: boolean;
  /** Index of the event whose Ray ID it has: itself, or the row before. */
  readonly rayIndex: number;
  readonly existingJwt: boolean;
  readonly warp: boolean;
  readonly serviceAccount: number;
  readonly certificate: number;
  readonly mtls:
    'NONE' | 'SUCCESS' | 'FAILED:certificate has expired' | 'FAILED:unable to verify the first certificate';
}
