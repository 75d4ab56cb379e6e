import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../lib/paths';
import { packageOf, type Component } from './components';
import { identify, objection } from './licenses';
import { notices, requireAllowed } from './notices';

const MIT = 'Permission is hereby granted, free of charge, to any\n person obtaining a copy of this software …';
const BSD2 = 'Redistribution and use …\n * Redistributions in binary form must reproduce the above …';
const BSD3 = `${BSD2}\n * Neither the name of the copyright holder …`;
const GPL = 'GNU GENERAL PUBLIC LICENSE\nVersion 3';

const component = (name: string, ...texts: string[]): Component => ({
  purl: `pkg:golang/${name}@v1.0.0`,
  name,
  version: 'v1.0.0',
  licenses: texts.flatMap(identify),
  texts,
  source: `https://pkg.go.dev/${name}@v1.0.0`,
});

test('licenses are told by what only they say', () => {
  assert.deepEqual(identify(MIT), ['MIT']);
  assert.deepEqual(identify(BSD2), ['BSD-2-Clause']);
  assert.deepEqual(identify(BSD3), ['BSD-3-Clause']);
  assert.deepEqual(identify(readFileSync(path.join(ROOT, 'LICENSE'), 'utf8')), ['Apache-2.0']);
  assert.deepEqual(identify('Mozilla Public License, version 2.0 … "GNU General Public License, Version 2.0"'), [
    'MPL-2.0',
  ]);
  assert.deepEqual(identify('All rights reserved.'), []);
});

test('a file with two licenses has both', () => {
  assert.deepEqual(identify(`${MIT}\n\n${GPL}`), ['MIT', 'GPL']);
});

test('a license that is not allowed, or not known, stops the build', () => {
  requireAllowed([component('a', MIT), component('b', BSD3)]);
  assert.throws(() => requireAllowed([component('a', MIT), component('b', GPL)]), /b is under GPL/);
  assert.throws(() => requireAllowed([component('c', 'Ask me.')]), /c has no license that is known/);
  assert.match(objection('d', []) ?? '', /scripts\/release\/licenses\.ts/);
});

test('the notices name every component, and have a text that several share once', () => {
  const text = notices([component('a', MIT), component('b', MIT), component('c', BSD3)]);
  for (const name of ['a', 'b', 'c']) {
    assert.ok(text.includes(`${name} v1.0.0`), name);
    assert.ok(text.includes(`https://pkg.go.dev/${name}@v1.0.0`), name);
  }
  assert.equal(text.split('Permission is hereby granted').length, 2);
});

test('the bundle tells which packages are in it', () => {
  assert.deepEqual(packageOf('webpack://id/../node_modules/@scope/name/lib/a.js'), ['@scope/name']);
  assert.deepEqual(packageOf('webpack://id/../node_modules/outer/node_modules/inner/a.js'), ['inner']);
  assert.deepEqual(packageOf('webpack://id/webpack/runtime/define property getters'), ['webpack']);
  assert.deepEqual(packageOf('webpack://id/external amd "react"'), []);
  assert.deepEqual(packageOf('webpack://id/./module.ts'), []);
  assert.deepEqual(packageOf('webpack://id/../node_modules/grafana-public-path.js'), []);
});
