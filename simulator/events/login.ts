import type { Decision } from '../evaluator/evaluator';
import type { FeedEvent } from './feed';

export const IDENTITY = 0;
export const NON_IDENTITY = 1;

/**
 * The circumstances of a login, with or without an identity. Numbers and references only: the strings that a row
 * shows are made when it is shown (`loginText.ts`), so that counting a million of them stays cheap.
 */
export interface Circumstances extends FeedEvent {
  readonly rawUs: number;
  readonly chance: number;
  readonly slot: number;
  readonly index: number;
  readonly stream: typeof IDENTITY | typeof NON_IDENTITY;
  /** Index into the people, -1 for nobody known. */
  readonly person: number;
  /** For an address that belongs to nobody: which one. */
  readonly stranger: number;
  /** Whether somebody tries who is not that person. */
  readonly sprayed: boolean;
  readonly app: number;
  /** Which of the application's paths, -1 for its root. */
  readonly path: number;
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
  /** Posture rules that the device passes: a bit for each, by their index. */
  readonly posture: number;
  readonly risk: 'low' | 'medium' | 'high' | 'unscored';
  /** Whether the provider asked for a second factor, and for the strong authentication context. */
  readonly secondFactor: boolean;
  readonly strongContext: boolean;
  readonly externalAnswer: boolean;
  readonly approved: boolean;
  readonly serviceAccount: number;
  /** Index of the application whose token was presented, -1 for none. */
  readonly linkedApp: number;
  readonly certificate: number;
  readonly mtls:
    'NONE' | 'SUCCESS' | 'FAILED:certificate has expired' | 'FAILED:unable to verify the first certificate';
}

/** One login, and what Access made of it. */
export interface Login extends Circumstances {
  readonly allowed: boolean;
  readonly logout: boolean;
  readonly decision: Decision;
}

const UNDECIDED: Decision = { verdict: 'no_policy_matched', allowed: false };

/**
 * A login that is being made. It is a class, and not literals spread into one another, because months of logins
 * are made at a time, and objects of one shape are ten times as fast.
 */
export class LoginDraft implements Login {
  rayIndex: number;
  person = -1;
  stranger = -1;
  sprayed = false;
  path = -1;
  provider = -1;
  country = '';
  countryCase: Login['countryCase'] = 0;
  network = '';
  host = 0;
  v6 = false;
  existingJwt = false;
  warp = false;
  posture = 0;
  risk: Login['risk'] = 'unscored';
  secondFactor = false;
  strongContext = false;
  externalAnswer = false;
  approved = false;
  serviceAccount = -1;
  linkedApp = -1;
  certificate = -1;
  mtls: Login['mtls'] = 'NONE';
  allowed = false;
  logout = false;
  decision = UNDECIDED;

  constructor(
    readonly stream: Login['stream'],
    readonly slot: number,
    public index: number,
    readonly rawUs: number,
    public chance: number,
    public app = 0
  ) {
    this.rayIndex = index;
  }
}
