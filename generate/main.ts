/**
 * Writes every file that is made from the catalogue and from dashboards/.
 * With --check it writes nothing and exits 1 where a file is not what it would write.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { outputs, type Output } from './outputs';

const ROOT = resolve(__dirname, '..');

async function formatted(output: Output): Promise<string> {
  const path = resolve(ROOT, output.path);
  return format(output.text, { ...(await resolveConfig(path)), filepath: path });
}

function isStale(path: string, text: string): boolean {
  return !existsSync(path) || readFileSync(path, 'utf8') !== text;
}

async function main(options: string[]): Promise<number> {
  const unknown = options.filter((option) => option !== '--check');
  if (unknown.length > 0) {
    console.error(`Unknown option ${unknown.join(' ')}. The only one is --check.`);
    return 2;
  }
  const check = options.includes('--check');
  const stale: string[] = [];
  for (const output of outputs((page) => readFileSync(resolve(ROOT, page), 'utf8'))) {
    const path = resolve(ROOT, output.path);
    const text = await formatted(output);
    if (!isStale(path, text)) {
      continue;
    }
    stale.push(output.path);
    if (!check) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  stale.forEach((path) => console.log(`${check ? 'stale' : 'wrote'} ${path}`));
  if (check && stale.length > 0) {
    console.error('Run "npm run generate" and commit what it writes.');
    return 1;
  }
  console.log(stale.length > 0 ? '' : 'All generated files are fresh.');
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  }
);
