/** Every fault that can be turned on, with the stage where it strikes and its parameters. The README's table comes from this. */
export interface FaultKind {
  /** `instead`: the call is not answered by the account; `connection`: not answered properly at all; `answer`: the right answer is spoiled; `call`: the call is treated differently. */
  readonly stage: 'instead' | 'connection' | 'answer' | 'call';
  readonly about: string;
  /** Parameters with their defaults. */
  readonly parameters: Readonly<Record<string, number | string>>;
}

export const FAULT_KINDS = {
  rateLimited: {
    stage: 'instead',
    about: 'HTTP 429 with `Retry-After` and code 971.',
    parameters: { retryAfterSeconds: 2 },
  },
  rateLimitedBare: { stage: 'instead', about: 'HTTP 429 with code 971, without `Retry-After`.', parameters: {} },
  throttledOk: { stage: 'instead', about: 'HTTP 200 with code 971 and `success: false`.', parameters: {} },
  serverErrorJson: { stage: 'instead', about: 'HTTP 5xx with an error envelope.', parameters: { status: 500 } },
  serverErrorHtml: { stage: 'instead', about: 'HTTP 5xx with an HTML page.', parameters: { status: 502 } },
  serverErrorEmpty: { stage: 'instead', about: 'HTTP 5xx without a body.', parameters: { status: 503 } },
  authenticationFlap: {
    stage: 'instead',
    about: 'HTTP 403 with code 10001 or 10000 for a valid credential.',
    parameters: { code: 10001 },
  },
  redirect: {
    stage: 'instead',
    about: 'A redirect to another address.',
    parameters: { status: 302, location: '/client/v4/elsewhere' },
  },
  htmlOk: { stage: 'instead', about: 'HTTP 200 with an HTML page.', parameters: {} },
  emptyOk: { stage: 'instead', about: 'HTTP 200 with an empty body.', parameters: {} },
  hang: { stage: 'connection', about: 'The answer never comes, and the connection stays open.', parameters: {} },
  reset: { stage: 'connection', about: 'The connection is reset before the answer.', parameters: {} },
  resetMidway: { stage: 'connection', about: 'The connection is reset in the middle of the body.', parameters: {} },
  truncatedJson: {
    stage: 'answer',
    about: 'The body ends in the middle, with a matching Content-Length.',
    parameters: {},
  },
  slow: { stage: 'answer', about: 'The answer comes late.', parameters: { delayMs: 500 } },
  duplicateRows: {
    stage: 'answer',
    about: 'A page contains its last rows twice and is longer than requested.',
    parameters: { rows: 3 },
  },
  nullResult: { stage: 'answer', about: 'A successful answer with `result: null`.', parameters: {} },
  shiftedPages: {
    stage: 'call',
    about:
      'New rows arrive at the top between two pages, so this page and the following ones start some rows early, until the first page is requested again. Has no effect with `direction=asc`.',
    parameters: { rows: 3 },
  },
  personality: {
    stage: 'call',
    about: 'The call is answered with other settings, which are in `set`.',
    parameters: {},
  },
} as const satisfies Record<string, FaultKind>;

export type FaultName = keyof typeof FAULT_KINDS;
