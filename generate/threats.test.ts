import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './files';

const page = readFileSync(resolve(ROOT, 'docs/sources/security.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Rows of the tables of threats: what happens, where it is handled, what shows it. */
const threats = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.split('|').length === 5)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter(([, threat]) => threat !== 'Threat' && !/^-+$/.test(threat));

/** The text of all files that git knows, or will, with one of these endings. */
function texts(...endings: string[]): string {
  const args = [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    ...endings.map((ending) => `*${ending}`),
  ];
  const names = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean);
  return names.map((name) => readFileSync(resolve(ROOT, name), 'utf8')).join('\n');
}

const goTests = texts('_test.go');
const nodeTests = texts('.test.ts', '.test.tsx', '.spec.ts');

const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

test('there are threats', () => assert.ok(threats.length > 30));

for (const [, threat, place, tests] of threats) {
  test(`"${threat}" is handled and shown`, () => {
    for (const name of quoted(place)) {
      assert.ok(existsSync(resolve(ROOT, name)), `there is no ${name}`);
    }
    assert.ok(quoted(tests).length > 0, 'no test is named');
    for (const name of quoted(tests)) {
      if (name.startsWith('npm run ')) {
        assert.ok(name.slice('npm run '.length) in scripts, `there is no ${name}`);
      } else if (/^(Test|Fuzz)[A-Z]\w*$/.test(name)) {
        assert.match(goTests, new RegExp(`^func ${name}\\(`, 'm'), `there is no ${name}`);
      } else {
        assert.ok(nodeTests.includes(`'${name}'`) || nodeTests.includes(`"${name}"`), `no test is called "${name}"`);
      }
    }
  });
}
