import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { accessTo } from './access';
import { startLocalGrafana } from './localGrafana';
import { ROOT } from './paths';
import { freePort } from './ports';
import { stopAll } from './processes';

const folder = mkdtempSync(path.join(tmpdir(), 'access-'));

after(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

test('with a real account nobody is let in without the password', () => {
  const { settings, signIn } = accessTo('real');
  assert.equal(settings.GF_AUTH_ANONYMOUS_ENABLED, 'false');
  assert.match(settings.GF_SECURITY_ADMIN_PASSWORD, /^[\w-]{24}$/);
  assert.ok(signIn?.endsWith(settings.GF_SECURITY_ADMIN_PASSWORD));
  assert.notEqual(accessTo('real').settings.GF_SECURITY_ADMIN_PASSWORD, settings.GF_SECURITY_ADMIN_PASSWORD);
});

test('a real account is not opened to everybody by a variable of the environment', () => {
  process.env.GF_AUTH_ANONYMOUS_ENABLED = 'true';
  try {
    assert.equal(accessTo('real').settings.GF_AUTH_ANONYMOUS_ENABLED, 'false');
  } finally {
    delete process.env.GF_AUTH_ANONYMOUS_ENABLED;
  }
});

test('the simulated account needs no password', () => {
  const { settings, signIn } = accessTo('simulated');
  assert.equal(settings.GF_AUTH_ANONYMOUS_ENABLED, 'true');
  assert.equal(signIn, undefined);
});

// A program in Grafana's place, which tells its environment and answers the one address that is waited for.
const GRAFANA = `#!${process.execPath}
require('node:fs').writeFileSync(process.env.TOLD, JSON.stringify(process.env));
require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.env.GF_SERVER_HTTP_PORT), process.env.GF_SERVER_HTTP_ADDR);
`;

test('a local Grafana with a real account only answers at its address, and to whom has the password', async () => {
  const home = path.join(folder, 'home');
  const told = path.join(folder, 'told.json');
  mkdirSync(path.join(home, 'bin'), { recursive: true });
  writeFileSync(path.join(home, 'bin', 'grafana'), GRAFANA);
  chmodSync(path.join(home, 'bin', 'grafana'), 0o755);
  process.env.GF_AUTH_ANONYMOUS_ENABLED = 'true';
  const access = accessTo('real');
  const { url } = await startLocalGrafana(home, await freePort(3400), { TOLD: told }, access);
  delete process.env.GF_AUTH_ANONYMOUS_ENABLED;
  const env = JSON.parse(readFileSync(told, 'utf8')) as Record<string, string>;
  assert.equal(env.GF_SERVER_HTTP_ADDR, '127.0.0.1');
  assert.equal(env.GF_SERVER_ENFORCE_DOMAIN, 'true');
  assert.equal(env.GF_SERVER_DOMAIN, '127.0.0.1');
  assert.equal(env.GF_SERVER_ROOT_URL, `${url}/`);
  assert.equal(env.GF_AUTH_ANONYMOUS_ENABLED, 'false');
  assert.equal(env.GF_SECURITY_ADMIN_PASSWORD, access.settings.GF_SECURITY_ADMIN_PASSWORD);
});

test('Grafana in Docker only answers at its address, and takes the password', () => {
  const { services } = parse(readFileSync(path.join(ROOT, 'docker-compose.yaml'), 'utf8'), {
    // Compose's own, which replaces a list of the extended service.
    customTags: [{ tag: '!override', collection: 'seq' }],
  }) as { services: { grafana: { ports: string[]; environment: Record<string, unknown> } } };
  const { ports, environment } = services.grafana;
  assert.ok(ports.every((port) => port.startsWith('127.0.0.1:')));
  assert.equal(environment.GF_SERVER_ENFORCE_DOMAIN, 'true');
  assert.equal(environment.GF_SERVER_DOMAIN, '127.0.0.1');
  for (const name of Object.keys(accessTo('real').settings)) {
    assert.equal(environment[name], null, `${name} comes from npm start`);
  }
});
