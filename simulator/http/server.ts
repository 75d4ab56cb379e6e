import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { API_PREFIX, CONTROL_PREFIXES } from '../constants';
import { control } from '../control';
import { replyInstead, spoil } from '../faults/replies';
import type { Strike } from '../faults/faults';
import type { Simulation } from '../simulation';
import { authorize, findRoute, noRoute, type Match } from './router';
import { authenticate, type Credential } from './credentials';
import { ApiError, apiError, failure, json, type Reply } from './envelope';
import { throttledError, throttledGraphql } from './rateLimit';

const MAX_BODY = 4 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) {
      throw apiError(413, 7000, 'Request body is too large');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body, 'utf8');
  response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length });
  response.end(body);
}

/** Sends half of the body and resets the connection. */
function sendHalf(response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body, 'utf8');
  response.writeHead(reply.status, { ...reply.headers, 'content-length': body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.resetAndDestroy());
}

function rowsOf(reply: Reply): number {
  const found = /"result_info":\{"count":"?(\d+)/.exec(reply.body.slice(-200));
  return found ? Number(found[1]) : 0;
}

interface Incoming {
  path: string;
  query: URLSearchParams;
  body: string;
  headers: IncomingMessage['headers'];
  match: Match | undefined;
  strikes: Strike[];
}

/** Who spends: the credential where it is known, else the bare address. Secrets are not kept. */
function who(call: Incoming): { credential: Credential | undefined; error: ApiError | undefined } {
  try {
    return { credential: authenticate(call.headers), error: undefined };
  } catch (error) {
    return { credential: undefined, error: error instanceof ApiError ? error : undefined };
  }
}

function graphqlRefusal(simulation: Simulation, status: number, message: string): Reply {
  const timestamp = new Date(simulation.clock.now()).toISOString();
  return json(status, { data: null, errors: [{ message, path: null, extensions: { timestamp } }] });
}

async function respond(simulation: Simulation, call: Incoming): Promise<{ reply: Reply; name: string }> {
  const { match } = call;
  const { credential, error } = who(call);
  const name = credential?.name ?? 'unknown';
  const isGraphql = match?.endpoint.surface === 'graphql';
  const accountBased = isGraphql && call.headers['x-rate-limit-type'] === 'account-based';
  const limiter = isGraphql ? simulation.graphqlLimit : simulation.restLimit;
  const spent = limiter.spend(accountBased ? 'account' : name, simulation.clock.elapsed());
  if (!spent.allowed) {
    const refused = throttledError();
    const reply = isGraphql
      ? throttledGraphql(simulation.clock.now(), spent, accountBased ? simulation.accountId : undefined)
      : failure(new ApiError(refused.status, refused.errors, spent.headers));
    return { reply, name };
  }
  const withBudget = (reply: Reply): Reply => ({ ...reply, headers: { ...spent.headers, ...reply.headers } });
  const struck = call.strikes.find((strike) => strike.stage === 'instead');
  if (struck) {
    return { reply: withBudget(replyInstead(struck)), name };
  }
  try {
    if (!match) {
      throw noRoute(call.path);
    }
    if (isGraphql && (error || credential?.status !== 'active')) {
      return { reply: withBudget(graphqlRefusal(simulation, 401, 'Unauthorized')), name };
    }
    if (error || !credential) {
      throw error ?? apiError(403, 10000, 'Authentication error');
    }
    authorize(call.path, match, credential);
    const shift = call.strikes.find((strike) => strike.kind === 'shiftedPages');
    const reply = await match.endpoint.handle({
      world: simulation.world,
      personality: Object.assign({}, simulation.personality, ...call.strikes.map((strike) => strike.set)),
      credential,
      query: call.query,
      params: match.params,
      body: call.body,
      nowUs: simulation.clock.now() * 1000,
      shiftRows: simulation.movingFeed.shift(call.path, call.query, Number(shift?.parameters.rows ?? 0)),
      budget: spent.left,
    });
    return { reply: withBudget(call.strikes.reduce(spoil, reply)), name };
  } catch (thrown) {
    if (thrown instanceof ApiError) {
      return { reply: withBudget(failure(thrown)), name };
    }
    throw thrown;
  }
}

async function serveApi(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL
): Promise<void> {
  const path = url.pathname.slice(API_PREFIX.length);
  const route = findRoute(path);
  const match = route && route.endpoint.method === request.method ? route : undefined;
  const surface = match?.endpoint.surface ?? 'unknown';
  const strikes = simulation.faults.strike(surface);
  const call: Incoming = {
    path,
    query: url.searchParams,
    body: await readBody(request),
    headers: request.headers,
    match,
    strikes,
  };
  const log = (name: string, status: number, rows: number) =>
    simulation.calls.add({
      at: new Date(simulation.clock.now()).toISOString(),
      method: request.method ?? '',
      path: url.pathname,
      query: url.search,
      surface,
      credential: name,
      status,
      rows,
      faults: strikes.map((strike) => strike.kind),
    });
  const delay =
    Number(strikes.find((strike) => strike.kind === 'slow')?.parameters.delayMs ?? 0) + simulation.latencyMs;
  if (delay > 0) {
    await simulation.wait(delay);
  }
  const broken = strikes.find((strike) => strike.stage === 'connection');
  if (broken?.kind === 'hang' || broken?.kind === 'reset') {
    log('unread', 0, 0);
    if (broken.kind === 'reset') {
      request.socket.resetAndDestroy();
    }
    return;
  }
  const { reply, name } = await respond(simulation, call);
  log(name, broken ? 0 : reply.status, rowsOf(reply));
  if (broken) {
    sendHalf(response, reply);
  } else {
    send(response, reply);
  }
}

async function serve(simulation: Simulation, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (CONTROL_PREFIXES.some((prefix) => url.pathname.startsWith(prefix))) {
    const body = await readBody(request);
    send(response, control(simulation, request.method ?? 'GET', url, body));
  } else if (url.pathname.startsWith(API_PREFIX)) {
    await serveApi(simulation, request, response, url);
  } else {
    send(response, failure(noRoute(url.pathname)));
  }
}

/** The HTTP server of a simulation; it does not listen yet. */
export function createHttpServer(simulation: Simulation): Server {
  const server = createServer((request, response) => {
    serve(simulation, request, response).catch((error: unknown) => {
      if (error instanceof ApiError) {
        send(response, failure(error));
      } else if (!response.headersSent) {
        console.error('The simulated account failed:', error);
        send(response, failure(apiError(500, 10000, 'Internal server error of the simulated account')));
      } else {
        response.destroy();
      }
    });
  });
  // Longer than clients keep idle connections, so that none is closed under a request.
  server.keepAliveTimeout = 120_000;
  return server;
}
