import { parseArgs } from 'node:util';
import { DEFAULT_PORT, DEFAULT_SEED } from './constants';
import { parseTimeUs } from './http/query';
import type { SimulatorOptions } from './options';
import { parsePersonality, PERSONALITIES, type Personality } from './personality';

const OPTIONS = {
  port: { type: 'string', about: `Port on 127.0.0.1. 0 takes a free port. Default: ${DEFAULT_PORT}.` },
  seed: { type: 'string', about: `Number that determines the organization. Default: ${DEFAULT_SEED}.` },
  scale: {
    type: 'string',
    about: 'Multiplies the events. 1, the default, is about 5,000 logins in a working day.',
  },
  people: { type: 'string', about: 'Number of people, from 1 to 1200. Default: 300.' },
  quiet: {
    type: 'boolean',
    about: 'Nothing odd happens unless you play it: no bursts, no changes to Access, no failures of machines.',
  },
  now: { type: 'string', about: 'RFC 3339 time at which the organization stands still.' },
  latency: { type: 'string', about: 'Delay before every answer, in milliseconds. Default: 0.' },
  limit: { type: 'string', about: 'REST calls allowed in five minutes. 0 is no limit. Default: 1200.' },
  'graphql-limit': { type: 'string', about: 'GraphQL calls allowed in five minutes. 0 is no limit. Default: 300.' },
  personality: {
    type: 'string',
    about: `Ready-made sets of settings, separated by commas: ${Object.keys(PERSONALITIES).join(', ')}.`,
  },
  set: {
    type: 'string',
    multiple: true,
    about: 'One setting, such as `--set maxPerPage=100`. You can repeat this option.',
  },
  help: { type: 'boolean', about: 'Shows this text.' },
} as const;

export const COMMAND_OPTIONS: ReadonlyArray<readonly [string, string]> = Object.entries(OPTIONS).map(
  ([name, { about }]) => [name, about]
);

function numberOption(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max)) {
    throw new Error(`--${name} must be a number from ${min} to ${max}, not "${text}".`);
  }
  return value;
}

function personalityOption(names: string | undefined, sets: readonly string[] | undefined): Partial<Personality> {
  const chosen: Record<string, unknown> = {};
  for (const name of names?.split(',').filter(Boolean) ?? []) {
    if (!(name in PERSONALITIES)) {
      throw new Error(`There is no personality "${name}". Personalities: ${Object.keys(PERSONALITIES).join(', ')}.`);
    }
    Object.assign(chosen, PERSONALITIES[name as keyof typeof PERSONALITIES]);
  }
  for (const set of sets ?? []) {
    const at = set.indexOf('=');
    if (at < 1) {
      throw new Error(`--set needs name=value, not "${set}".`);
    }
    chosen[set.slice(0, at)] = set.slice(at + 1);
  }
  return parsePersonality(chosen);
}

/** Reads the command line. Throws an error that says what is allowed. */
export function readCommand(args: string[]): SimulatorOptions & { help?: boolean } {
  const { values } = parseArgs({ args, options: OPTIONS, strict: true });
  const frozenUs = values.now === undefined ? undefined : parseTimeUs(values.now);
  if (values.now !== undefined && frozenUs === undefined) {
    throw new Error(`--now must be an RFC 3339 time, not "${values.now}".`);
  }
  const limit = numberOption('limit', values.limit, 0, 1e9);
  const graphqlLimit = numberOption('graphql-limit', values['graphql-limit'], 0, 1e9);
  return {
    help: values.help,
    port: numberOption('port', values.port, 0, 65_535),
    seed: numberOption('seed', values.seed, 0, 2 ** 31),
    scale: numberOption('scale', values.scale, 0, 100_000),
    people: numberOption('people', values.people, 1, 1200),
    quiet: values.quiet,
    latencyMs: numberOption('latency', values.latency, 0, 60_000),
    frozenAt: frozenUs === undefined ? undefined : frozenUs / 1000,
    rest: limit === undefined ? {} : { limit },
    graphql: graphqlLimit === undefined ? {} : { limit: graphqlLimit },
    personality: personalityOption(values.personality, values.set),
  };
}
