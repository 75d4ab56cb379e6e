/**
 * The last step of `npm run build:all`: writes dist/THIRD_PARTY_NOTICES.txt, the license texts of everything of others
 * that is in the archive, and fails if one of them is not allowed there.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitWith, Failure } from '../lib/failure';
import { DIST } from '../lib/paths';
import { components, type Component } from './components';
import { objection } from './licenses';

export const NOTICES = 'THIRD_PARTY_NOTICES.txt';
const LINE = '='.repeat(80);

/** The notices' text. Components with the same texts share them. */
export function notices(all: Component[]): string {
  const groups = new Map<string, Component[]>();
  for (const one of all) {
    const texts = one.texts.join(`\n\n${'-'.repeat(80)}\n\n`);
    groups.set(texts, [...(groups.get(texts) ?? []), one]);
  }
  const sections = [...groups].map(([texts, group]) => {
    const names = group.map(
      (one) => `${one.name} ${one.version} (${one.licenses.join(' and ')})\nSource: ${one.source}`
    );
    return `${LINE}\n${names.join('\n')}\n${LINE}\n\n${texts}\n`;
  });
  return `This plugin contains software of others. It is under the following licenses.\n\n${sections.join('\n')}`;
}

/** Throws unless the archive may contain all components. */
export function requireAllowed(all: Component[]): void {
  const objections = all.flatMap((one) => objection(one.name, one.licenses) ?? []);
  if (objections.length > 0) {
    throw new Failure(objections.join('\n'));
  }
}

async function main(): Promise<void> {
  const all = await components();
  requireAllowed(all);
  writeFileSync(path.join(DIST, NOTICES), notices(all));
  console.log(`${NOTICES}: ${all.length} components`);
}

if (process.argv[1]?.endsWith('notices.ts')) {
  main().catch(exitWith);
}
