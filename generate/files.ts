import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { format, getFileInfo, resolveConfig } from 'prettier';
import { catalogueOutputs } from './catalogue';
import type { Output } from './outputs';

export const ROOT = resolve(__dirname, '..');

/** The catalogue's own files come first: all others are made of what they export, and so are imported after them. */
const STAGES: Array<() => Promise<Output[]>> = [
  catalogueOutputs,
  async () => (await import('./outputs')).outputs((page) => readFileSync(resolve(ROOT, page), 'utf8')),
];

/** The generated files that are not on disk as they would be written now, each as soon as it is known. */
export async function* staleOutputs(): AsyncGenerator<Output> {
  for (const stage of STAGES) {
    for (const { path, text } of await stage()) {
      const output = { path, text: await pretty(path, text) };
      if (current(path) !== output.text) {
        yield output;
      }
    }
  }
}

export function write({ path, text }: Output): void {
  const file = resolve(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The text as Prettier writes it, where Prettier knows its language. */
async function pretty(path: string, text: string): Promise<string> {
  const filepath = resolve(ROOT, path);
  const { inferredParser } = await getFileInfo(filepath);
  return inferredParser ? format(text, { ...(await resolveConfig(filepath)), filepath }) : text;
}

function current(path: string): string | undefined {
  const file = resolve(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
