import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ATTACK_KINDS, type AttackKind } from './attacks/kinds';
import { COMMAND_OPTIONS } from './command';
import { CONTROL_ENDPOINTS } from './control';
import { API_PREFIX, CONTROL_PREFIX } from './constants';
import { FAULT_KINDS, type FaultKind } from './faults/kinds';
import { CREDENTIALS } from './http/credentials';
import { ENDPOINTS } from './http/router';
import { PERSONALITIES, SETTINGS, type Setting } from './personality';

/** Generates the tables of README.md from the code. `npx tsx simulator/readme.ts` writes them, and a test compares them. */

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function value(its: unknown): string {
  return code(Array.isArray(its) && its.length === 0 ? 'none' : String(its));
}

const TABLES: Readonly<Record<string, () => string>> = {
  options: () =>
    table(
      ['Option', 'What it does'],
      COMMAND_OPTIONS.map(([name, about]) => [code(`--${name}`), about])
    ),
  credentials: () =>
    table(
      ['Name', 'Token', 'What it reaches'],
      CREDENTIALS.map(({ name, token, about }) => [name, token === undefined ? '' : code(token), about])
    ),
  endpoints: () =>
    table(
      ['Endpoint', 'Surface', 'Permission'],
      ENDPOINTS.map(({ method, path, surface, permission }) => [
        code(`${method} ${API_PREFIX}${path}`),
        code(surface),
        permission ?? (surface === 'graphql' ? 'Account Analytics Read' : ''),
      ])
    ),
  settings: () =>
    table(
      ['Setting', 'Default', 'Allowed', 'What it means'],
      Object.entries<Setting<unknown>>(SETTINGS).map(([name, { fallback, allowed, about }]) => [
        code(name),
        value(fallback),
        allowed,
        about,
      ])
    ),
  personalities: () =>
    table(
      ['Personality', 'Settings'],
      Object.entries(PERSONALITIES).map(([name, settings]) => [
        code(name),
        Object.entries(settings)
          .map(([key, its]) => code(`${key}=${String(its)}`))
          .join(' ') || 'The defaults.',
      ])
    ),
  faults: () =>
    table(
      ['Fault', 'Stage', 'What happens', 'Parameters'],
      Object.entries<FaultKind>(FAULT_KINDS).map(([name, { stage, about, parameters }]) => [
        code(name),
        stage,
        about,
        Object.entries(parameters)
          .map(([key, its]) => code(`${key}=${its}`))
          .join(' '),
      ])
    ),
  attacks: () =>
    table(
      ['Attack', 'What happens', 'Where', 'Parameters'],
      Object.entries<AttackKind>(ATTACK_KINDS).map(([name, { about, shows, parameters, hasUser }]) => [
        code(name),
        about,
        shows.map(code).join(', '),
        [
          ...Object.entries(parameters).map(([key, its]) => code(`${key}=${its}`)),
          ...(hasUser ? [code('user')] : []),
        ].join(' '),
      ])
    ),
  control: () =>
    table(
      ['Endpoint', 'What it does'],
      CONTROL_ENDPOINTS.map(({ method, path, about }) => [code(`${method} ${CONTROL_PREFIX}${path}`), about])
    ),
};

export const README = join(__dirname, 'README.md');

/** The formatted text with new tables between the markers `<!-- table: name -->` and `<!-- end -->`. */
export async function withTables(text: string): Promise<string> {
  const used = new Set<string>();
  const out = text.replace(/<!-- table: (\w+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const make = TABLES[name];
    if (!make) {
      throw new Error(`README.md has a table "${name}" that nothing generates.`);
    }
    used.add(name);
    return `<!-- table: ${name} -->\n\n${make()}\n\n<!-- end -->`;
  });
  const missing = Object.keys(TABLES).filter((name) => !used.has(name));
  if (missing.length > 0) {
    throw new Error(`README.md lacks the tables ${missing.join(', ')}. Add their markers.`);
  }
  return format(out, { ...(await resolveConfig(README)), parser: 'markdown' });
}

if (require.main === module) {
  void withTables(readFileSync(README, 'utf8')).then((text) => writeFileSync(README, text));
}
