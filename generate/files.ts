import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { outputs, type Output } from './outputs';

export const ROOT = resolve(__dirname, '..');

/** The generated files that are not on disk as they would be written now. */
export async function staleOutputs(): Promise<Output[]> {
  const all = outputs((page) => readFileSync(resolve(ROOT, page), 'utf8'));
  const formatted = await Promise.all(all.map(async (output) => ({ ...output, text: await pretty(output) })));
  return formatted.filter(({ path, text }) => current(path) !== text);
}

export function write({ path, text }: Output): void {
  const file = resolve(ROOT, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function pretty({ path, text }: Output): Promise<string> {
  const filepath = resolve(ROOT, path);
  return format(text, { ...(await resolveConfig(filepath)), filepath });
}

function current(path: string): string | undefined {
  const file = resolve(ROOT, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
