/** Cloudflare's v4 envelope, and the replies that are made of it. */

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface ApiMessage {
  code: number;
  message: string;
  error_chain?: ApiMessage[];
}

export interface ResultInfo {
  count: number;
  page: number;
  per_page: number;
  total_count: number;
  total_pages?: number;
}

/** Of a list that is read on from a cursor. Cloudflare's example has the count as text. */
export interface CursorInfo {
  count: string;
  cursor?: string;
  cursors?: { after?: string };
}

/** An answer that is an error; thrown by handlers. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly errors: ApiMessage[],
    readonly headers: Record<string, string> = {}
  ) {
    super(errors.map((error) => error.message).join('; '));
  }
}

export function apiError(status: number, code: number, message: string): ApiError {
  return new ApiError(status, [{ code, message }]);
}

/** The code that Access answers a bad parameter with is not documented; this one was seen with its prefix. */
export function invalidRequest(message: string): ApiError {
  return apiError(400, 12130, `access.api.error.invalid_request: ${message}`);
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  };
}

export function success(result: unknown, info?: ResultInfo | CursorInfo, messages: ApiMessage[] = []): Reply {
  const body = { result, success: true, errors: [], messages };
  return json(200, info ? { ...body, result_info: info } : body);
}

export function failure(error: ApiError): Reply {
  return json(error.status, { success: false, errors: error.errors, messages: [], result: null }, error.headers);
}
