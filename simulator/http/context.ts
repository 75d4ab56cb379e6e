import type { Personality } from '../personality';
import type { World } from '../world';
import type { Credential, Permission } from './credentials';
import type { Reply } from './envelope';

/** What a handler knows about its call. */
export interface CallContext {
  readonly world: World;
  readonly personality: Personality;
  readonly credential: Credential;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly body: string;
  /** Microseconds since the epoch. */
  readonly nowUs: number;
  /** Rows by which the list has moved since its first page (fault `shiftedPages`). */
  readonly shiftRows: number;
  /** GraphQL calls that the credential has left. */
  readonly budget: number;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  /** Below `/client/v4`, with `{name}` for path parameters. */
  readonly path: string;
  /** Name for faults and the call log. */
  readonly surface: string;
  /** Absent: any active credential. */
  readonly permission?: Permission;
  /** GraphQL answers authentication and permission errors in its own way. */
  readonly handle: (call: CallContext) => Reply | Promise<Reply>;
}
