import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { findField, isQueryType } from '../catalogue/index';
import { ROOT } from '../generate/files';
import { assertApart, faults } from '../generate/testing';

interface Query {
  queryType: string;
  filters?: Array<{ values: string[] }>;
  fields?: string[];
}

interface Override {
  matcher: { options: string };
  properties: Array<{ id: string; value: unknown }>;
}

interface Panel {
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: unknown;
  targets?: Query[];
  transformations?: Array<{ id: string; options: { includeByName?: Record<string, boolean> } }>;
  fieldConfig: { defaults: { noValue?: string }; overrides: Override[] };
}

interface Dashboard {
  uid: string;
  tags: string[];
  links: Array<{ type: string; tags: string[] }>;
  panels: Panel[];
  templating: { list: Array<{ name: string }> };
}

const json = <T>(path: string): T => JSON.parse(readFileSync(resolve(ROOT, path), 'utf8')) as T;
const provisioned = (name: string) => json<Dashboard>(`provisioning/dashboards/${name}.json`);

const dashboard = provisioned('threats');
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const queries = panels.flatMap(({ targets = [] }) => targets);

for (const panel of panels) {
  test(`${panel.title}: a described panel that asks the chosen data source what the schema allows`, () => {
    assert.ok(panel.description);
    assert.deepEqual(panel.datasource, { type: 'cfaccess-logs-datasource', uid: '${datasource}' });
    assert.equal(panel.targets?.length, 1);
    panel.targets?.forEach((query) => assert.equal(faults(query), ''));
  });

  test(`${panel.title}: beside an error it shows no count, and it keeps what the answer says of its coverage`, () => {
    assert.doesNotMatch(panel.fieldConfig.defaults.noValue ?? '', /[0-9a-z]/i);
    assert.equal(panel.transformations, undefined);
  });
}

test('the variables apply to all logins', () => {
  const names = dashboard.templating.list.map(({ name }) => `$${name}`);
  for (const { queryType, filters = [] } of queries) {
    const used = filters.flatMap(({ values }) => values).filter((value) => value.startsWith('$'));
    assert.deepEqual(used, queryType === 'access_changes' ? [] : names.slice(1));
  }
});

test('one scan of each log answers all panels', () => {
  assert.deepEqual([...new Set(queries.map(({ queryType }) => queryType))].sort(), [
    'access_changes',
    'access_requests',
    'login_groups',
  ]);
});

for (const [folder, file] of [
  ['provisioning', 'provisioning/dashboards/why-blocked.json'],
  ['src', 'src/dashboards/why-blocked.json'],
] as const) {
  test(`in ${folder}, each Ray ID leads to the dashboard that explains it`, () => {
    const { uid } = json<Dashboard>(file);
    const shown = json<Dashboard>(file.replace('why-blocked', 'threats')).panels.filter(({ targets = [] }) =>
      targets.some(({ fields = [] }) => fields.includes('ray_id') || fields.includes('cfRayId'))
    );
    assert.ok(shown.length >= 3);
    for (const { title, fieldConfig } of shown) {
      const override = fieldConfig.overrides.find(({ matcher }) => matcher.options === 'Ray ID');
      const links = override?.properties.find(({ id }) => id === 'links')?.value as Array<{ url: string }>;
      assert.match(links[0]?.url ?? '', new RegExp(`^/d/${uid}\\?.*var-ray_id=\\$\\{__value.raw\\}`), title);
    }
  });
}

test('the dashboards on one account link to each other', () => {
  for (const { tags, links } of ['cloudflare-access', 'threats', 'why-blocked'].map(provisioned)) {
    assert.deepEqual(
      links.map((link) => ({ type: link.type, tags: link.tags })),
      [{ type: 'dashboards', tags }]
    );
  }
});

test('a panel that chooses columns keeps those that its links need', () => {
  for (const { title, targets = [], transformations = [] } of provisioned('why-blocked').panels) {
    const kept = transformations.flatMap(({ options }) => Object.keys(options.includeByName ?? {}));
    const queryType = targets[0]?.queryType ?? '';
    assert.ok(isQueryType(queryType));
    const label = (name: string) => findField(queryType, name)?.label ?? '';
    for (const name of ['policy_name', 'ray_id', 'user_email']) {
      const needed = findField(queryType, name)?.links?.flatMap(({ of: other }) => other ?? []) ?? [];
      if (kept.includes(label(name))) {
        needed.forEach((other) => assert.ok(kept.includes(label(other)), `${title}: ${other}`));
      }
    }
  }
});

test('panels do not overlap', () => {
  assertApart(dashboard.panels);
});

test('the bundled dashboard is the provisioned one under other uids, and plugin.json includes it', () => {
  const bundled = json<Dashboard>('src/dashboards/threats.json');
  assert.notEqual(bundled.uid, dashboard.uid);
  const panelsOf = ({ panels: all }: Dashboard) =>
    JSON.stringify(all).replaceAll(/cloudflare-access-(why|explained)/g, '');
  assert.equal(panelsOf(bundled), panelsOf(dashboard));
  const plugin = json<{ includes: Array<{ type: string; path: string }> }>('src/plugin.json');
  assert.ok(plugin.includes.some(({ type, path }) => type === 'dashboard' && path === 'dashboards/threats.json'));
});
