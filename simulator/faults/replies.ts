import { apiError, failure, json, type Reply } from '../http/envelope';
import type { FaultName } from './kinds';
import type { Strike } from './faults';

const THROTTLED = { code: 971, message: 'Please wait and consider throttling your request speed' };

function html(status: number): Reply {
  const body = `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body><center><h1>${status}</h1></center><hr><center>cloudflare</center></body></html>\n`;
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body };
}

/** Replies of the faults that replace the answer. */
export function replyInstead(strike: Strike): Reply {
  const { parameters } = strike;
  const status = Number(parameters.status);
  const replies: Partial<Record<FaultName, () => Reply>> = {
    rateLimited: () =>
      json(
        429,
        { success: false, errors: [THROTTLED], messages: [], result: null },
        { 'Retry-After': String(parameters.retryAfterSeconds) }
      ),
    rateLimitedBare: () => failure(apiError(429, THROTTLED.code, THROTTLED.message)),
    throttledOk: () => failure(apiError(200, THROTTLED.code, THROTTLED.message)),
    serverErrorJson: () => failure(apiError(status, 10000, 'Internal server error')),
    serverErrorHtml: () => html(status),
    serverErrorEmpty: () => ({ status, headers: {}, body: '' }),
    authenticationFlap: () =>
      failure(
        apiError(
          403,
          Number(parameters.code),
          Number(parameters.code) === 10000 ? 'Authentication error' : 'Unable to authenticate request'
        )
      ),
    redirect: () => ({ status, headers: { location: String(parameters.location) }, body: '' }),
    htmlOk: () => html(200),
    emptyOk: () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '' }),
  };
  const make = replies[strike.kind];
  if (!make) {
    throw new Error(`The fault "${strike.kind}" does not replace an answer.`);
  }
  return make();
}

type Rows = unknown[] | null;

function changeRows(reply: Reply, change: (rows: Rows) => Rows): Reply {
  const body = JSON.parse(reply.body) as { result?: unknown };
  return Array.isArray(body.result)
    ? { ...reply, body: JSON.stringify({ ...body, result: change(body.result) }) }
    : reply;
}

/** Spoils the right answer. */
export function spoil(reply: Reply, strike: Strike): Reply {
  switch (strike.kind) {
    case 'truncatedJson':
      return { ...reply, body: reply.body.slice(0, Math.floor(reply.body.length * 0.6)) };
    case 'duplicateRows':
      return changeRows(reply, (rows) => [...(rows ?? []), ...(rows ?? []).slice(-Number(strike.parameters.rows))]);
    case 'nullResult':
      return changeRows(reply, () => null);
    default:
      return reply;
  }
}
