import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { catalogue } from '../catalogue/index';
import { ROOT } from './files';

const DOCS = resolve(ROOT, 'docs/sources');

function files(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path, ending) : path.endsWith(ending) ? [path] : [];
  });
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

const program = files(resolve(ROOT, 'pkg'), '.go')
  .filter((path) => !path.endsWith('_test.go'))
  .map(read)
  .join('\n')
  .replaceAll('\\"', '"');

const troubleshooting = read(join(DOCS, 'troubleshooting.md'));
const headings = [...troubleshooting.matchAll(/^### `(.+)`$/gm)].flatMap(([, text]) => text.split('` or `'));
const mentioned = [...troubleshooting.matchAll(/messages? (`[^`]+`(?: and `[^`]+`)*)/g)].flatMap(([, list]) =>
  list.slice(1, -1).split('` and `')
);

test('the troubleshooting page quotes messages', () => assert.ok(headings.length > 30 && mentioned.length >= 4));

for (const message of [...headings, ...mentioned]) {
  test(`the executable says "${message}"`, () => {
    // An ellipsis stands for what the message fills in.
    for (const part of message.split('…').map((text) => text.trim())) {
      assert.ok(part === '' || program.includes(part), `no message has "${part}"`);
    }
  });
}

for (const page of files(DOCS, '.md')) {
  test(`links in ${page.slice(DOCS.length + 1)} lead somewhere`, () => {
    for (const [, target] of read(page).matchAll(/\]\((\.[^)#]*)/g)) {
      assert.ok(existsSync(resolve(dirname(page), target)), target);
    }
  });
}

test('the configuration page names every permission that something needs', () => {
  const page = read(join(DOCS, 'configure.md'));
  const others = [...program.matchAll(/^\t[Rr]eads\w+ += "(.+)"$/gm)].map(([, permission]) => permission);
  assert.ok(others.length > 3);
  for (const permission of [...Object.values(catalogue).map((type) => type.permission), ...others]) {
    assert.ok(page.includes(`\`${permission}\``), permission);
  }
});
