import { ATTACK_KINDS } from './attacks/kinds';
import type { AttackRequest } from './attacks/request';
import { CONTROL_PREFIX, CONTROL_PREFIXES } from './constants';
import { FAULT_KINDS } from './faults/kinds';
import type { FaultRequest } from './faults/faults';
import { json, type Reply } from './http/envelope';
import { parseTimeUs } from './http/query';
import { parsePersonality, PERSONALITIES } from './personality';
import type { Simulation } from './simulation';
import { truth, truthCount, TRUTH_SURFACES } from './truth';

type Body = Record<string, unknown>;

interface ControlEndpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly about: string;
  readonly handle: (simulation: Simulation, query: URLSearchParams, body: Body) => unknown;
}

function state(simulation: Simulation): unknown {
  return {
    now: new Date(simulation.clock.now()).toISOString(),
    accountId: simulation.accountId,
    seed: simulation.options.seed,
    scale: simulation.options.scale,
    latencyMs: simulation.latencyMs,
    limits: { rest: simulation.restLimit.options, graphql: simulation.graphqlLimit.options },
    personality: simulation.personality,
    faults: simulation.faults.list(),
    kinds: Object.keys(FAULT_KINDS),
    personalities: Object.keys(PERSONALITIES),
  };
}

function preset(name: unknown): Body {
  if (name === undefined) {
    return {};
  }
  if (typeof name !== 'string' || !(name in PERSONALITIES)) {
    throw new Error(
      `There is no personality "${String(name)}". Personalities: ${Object.keys(PERSONALITIES).join(', ')}.`
    );
  }
  return PERSONALITIES[name as keyof typeof PERSONALITIES];
}

const LIMITS = ['limit', 'windowSeconds', 'blockSeconds'] as const;

function setLimits(target: Simulation['restLimit']['options'], values: unknown): void {
  for (const [name, value] of Object.entries((values ?? {}) as Body)) {
    const known = LIMITS.find((limit) => limit === name);
    if (!known || typeof value !== 'number' || value < 0) {
      throw new Error(`"${name}" cannot be ${JSON.stringify(value)}. Limits: ${LIMITS.join(', ')}, numbers from 0.`);
    }
    target[known] = value;
  }
}

const CHANGES = ['reset', 'clear', 'faults', 'preset', 'personality', 'latencyMs', 'limits'];

/** Applies `reset`, `clear`, `preset`, `personality`, `latencyMs`, `limits` and `faults`, in this order. */
function change(simulation: Simulation, _query: URLSearchParams, body: Body): unknown {
  const unknown = Object.keys(body).filter((name) => !CHANGES.includes(name));
  if (unknown.length > 0) {
    throw new Error(`Unknown: ${unknown.join(', ')}. Allowed: ${CHANGES.join(', ')}.`);
  }
  const personality = parsePersonality({ ...preset(body.preset), ...((body.personality ?? {}) as Body) });
  if (body.reset === true) {
    simulation.reset();
  }
  if (body.clear === true) {
    simulation.faults.clear();
  }
  if (Array.isArray(body.faults)) {
    simulation.faults.add(body.faults as FaultRequest[]);
  }
  simulation.personality = { ...simulation.personality, ...personality };
  if (typeof body.latencyMs === 'number' && body.latencyMs >= 0) {
    simulation.latencyMs = body.latencyMs;
  }
  const limits = (body.limits ?? {}) as Body;
  setLimits(simulation.restLimit.options, limits.rest);
  setLimits(simulation.graphqlLimit.options, limits.graphql);
  return state(simulation);
}

function timeOf(text: string | null, fallback: number): number {
  if (text === null || text === '') {
    return fallback;
  }
  const us = parseTimeUs(text);
  const milliseconds = /^\d+$/.test(text) ? Number(text) : us === undefined ? undefined : us / 1000;
  if (milliseconds === undefined) {
    throw new Error(`"${text}" is not a time. Times are epoch milliseconds or RFC 3339.`);
  }
  return milliseconds;
}

function readTruth(simulation: Simulation, query: URLSearchParams): unknown {
  const surface = TRUTH_SURFACES.find((known) => known === query.get('surface'));
  if (!surface) {
    throw new Error(`surface must be one of ${TRUTH_SURFACES.join(', ')}.`);
  }
  const now = simulation.clock.now();
  const from = timeOf(query.get('from'), now - 3_600_000);
  const to = timeOf(query.get('to'), now);
  const asked = {
    surface,
    from,
    to,
    userId: query.get('user_id') ?? undefined,
    rayId: query.get('ray_id') ?? undefined,
  };
  if (query.get('rows') === 'false') {
    return { surface, from, to, count: truthCount(simulation.world, simulation.personality, asked), rows: [] };
  }
  const rows = truth(simulation.world, simulation.personality, asked);
  return { surface, from, to, count: rows.length, rows };
}

function setClock(simulation: Simulation, _query: URLSearchParams, body: Body): unknown {
  if ('now' in body) {
    simulation.clock.freeze(body.now === null ? undefined : timeOf(String(body.now), 0));
  }
  if (typeof body.advanceMs === 'number') {
    simulation.clock.advance(body.advanceMs);
  }
  return { now: new Date(simulation.clock.now()).toISOString() };
}

function listAttacks({ world, options }: Simulation): unknown {
  return { quiet: options.quiet, attacks: world.attacks.list(), kinds: Object.keys(ATTACK_KINDS) };
}

function playAttacks(simulation: Simulation, _query: URLSearchParams, body: Body): unknown {
  const requests = (Array.isArray(body.attacks) ? body.attacks : [body]) as AttackRequest[];
  return { attacks: simulation.play(requests) };
}

export const CONTROL_ENDPOINTS: readonly ControlEndpoint[] = [
  {
    method: 'GET',
    path: '/faults',
    about: 'Shows the settings, the limits, and the faults with how often they struck.',
    handle: state,
  },
  {
    method: 'POST',
    path: '/faults',
    about:
      'Changes them: `{reset, clear, preset, personality, latencyMs, limits: {rest, graphql}, faults: […]}`. Adds the faults. `clear` first removes the current faults, and `reset` restores the initial state.',
    handle: change,
  },
  { method: 'DELETE', path: '/faults', about: 'Removes all faults.', handle: (s) => (s.faults.clear(), state(s)) },
  {
    method: 'GET',
    path: '/attacks',
    about: 'Shows the attacks that were played.',
    handle: listAttacks,
  },
  {
    method: 'POST',
    path: '/attacks',
    about:
      'Plays an attack: `{attack, at, user}` and its parameters, or several: `{attacks: […]}`. Answers when each begins and ends and, if it is about one person, who that is.',
    handle: playAttacks,
  },
  {
    method: 'DELETE',
    path: '/attacks',
    about: 'Removes the attacks that were played, as if they had never been.',
    handle: (s) => (s.clearAttacks(), listAttacks(s)),
  },
  {
    method: 'GET',
    path: '/calls',
    about:
      'Shows the requests since the list was last cleared: the number for each surface, the refused ones, and each call with an ID above `after`.',
    handle: (s, query) => s.calls.report(Number(query.get('after') ?? 0)),
  },
  {
    method: 'DELETE',
    path: '/calls',
    about: 'Clears the list of requests.',
    handle: (s) => (s.calls.clear(), s.calls.report()),
  },
  {
    method: 'GET',
    path: '/truth',
    about:
      'Shows what really happened. Takes `surface`, `from` and `to` (epoch milliseconds or RFC 3339, inclusive, by default the last hour), `user_id` for failed logins and active sessions, `ray_id` for explain, and `rows=false` for only the count.',
    handle: readTruth,
  },
  {
    method: 'POST',
    path: '/clock',
    about:
      '`{now: "…"}` stops the organization at a time, `{now: null}` lets it continue, and `{advanceMs: 60000}` moves it and the rate limits forward.',
    handle: setClock,
  },
];

/** Answers a control request. Wrong input gets 400 with a sentence that says what is allowed. */
export function control(simulation: Simulation, method: string, url: URL, body: string): Reply {
  const prefix = CONTROL_PREFIXES.find((its) => url.pathname.startsWith(its)) ?? CONTROL_PREFIX;
  const path = url.pathname.slice(prefix.length);
  const endpoint = CONTROL_ENDPOINTS.find((known) => known.path === path && known.method === method);
  if (!endpoint) {
    const known = CONTROL_ENDPOINTS.map((its) => `${its.method} ${CONTROL_PREFIX}${its.path}`).join(', ');
    return json(404, { error: `There are: ${known}.` });
  }
  try {
    const parsed = body === '' ? {} : (JSON.parse(body) as Body);
    return json(200, endpoint.handle(simulation, url.searchParams, parsed));
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : String(error) });
  }
}
