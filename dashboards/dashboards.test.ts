import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ROOT } from '../generate/files';
import { assertApart, faults } from '../generate/testing';

interface Query {
  refId: string;
  datasource: { type: string; uid: string };
  filters?: Array<{ values: string[] }>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: Query[];
  transformations?: Array<{ id: string; filter?: { id: string; options: string } }>;
  fieldConfig: { defaults: { noValue?: string } };
}

interface Variable {
  name: string;
  type: string;
  query: { queryType: string; field: string };
  current?: { selected: boolean; text: string | string[]; value: string | string[] };
}

interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list: Array<{ name: string; enable: boolean; datasource: unknown; target: Query; mappings: object }> };
}

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8');
}

const dashboard: Dashboard = JSON.parse(read('provisioning/dashboards/cloudflare-access.json'));
const panels = dashboard.panels.filter((panel) => panel.type !== 'row');

/** Panels that every Grafana has. */
const PANEL_TYPES = ['piechart', 'stat', 'table', 'timeseries'];

for (const panel of panels) {
  test(`${panel.title}: its query follows the schema`, () => {
    assert.ok(panel.targets?.length);
    panel.targets?.forEach((query) => assert.equal(faults(query), ''));
  });

  test(`${panel.title}: it is a described panel of the chosen data source`, () => {
    assert.ok(PANEL_TYPES.includes(panel.type), panel.type);
    assert.ok(panel.description);
    const chosen = { type: 'cfaccess-logs-datasource', uid: '${datasource}' };
    [panel.datasource, ...(panel.targets ?? []).map((query) => query.datasource)].forEach((source) =>
      assert.deepEqual(source, chosen)
    );
  });

  test(`${panel.title}: beside an error it shows no count and no "none"`, () => {
    assert.doesNotMatch(panel.fieldConfig.defaults.noValue ?? '', /[0-9a-z]/i);
  });

  test(`${panel.title}: its filters name variables that there are`, () => {
    const values = (panel.targets ?? []).flatMap((query) => query.filters ?? []).flatMap((filter) => filter.values);
    const used = values.filter((value) => value.startsWith('$')).map((value) => value.slice(1));
    const names = dashboard.templating.list.map((variable) => variable.name);
    used.forEach((name) => assert.ok(names.includes(name), name));
  });
}

test('it stands on the provisioned data source, whatever others there are', () => {
  const source = parse(read('provisioning/datasources/cloudflare-access.yaml')).datasources[0];
  const chosen = dashboard.templating.list.find(({ type }) => type === 'datasource');
  assert.deepEqual(chosen?.current, { selected: true, text: source.name, value: source.uid });
});

test('it marks changes of the configuration on all graphs', () => {
  const [changes, ...others] = dashboard.annotations.list;
  assert.equal(others.length, 0);
  assert.equal(changes.name, 'Access configuration changed');
  assert.equal(changes.enable, true);
  assert.deepEqual(changes.datasource, { type: 'cfaccess-logs-datasource', uid: '${datasource}' });
  assert.equal(faults(changes.target), '');
  assert.deepEqual(Object.keys(changes.mappings), ['title', 'text', 'tags']);
});

test('every variable of values asks for a field that there is', () => {
  const queries = dashboard.templating.list.filter((variable) => variable.type === 'query');
  assert.ok(queries.length > 0);
  queries.forEach(({ query }) => {
    assert.equal(faults({ queryType: query.queryType, fields: [query.field] }), '');
  });
});

test('panels have their own ids and do not overlap', () => {
  assert.equal(new Set(dashboard.panels.map((panel) => panel.id)).size, dashboard.panels.length);
  assertApart(dashboard.panels);
});

test('the bundled dashboard is the provisioned one under another uid, and plugin.json includes it', () => {
  const bundled: Dashboard = JSON.parse(read('src/dashboards/cloudflare-access.json'));
  assert.notEqual(bundled.uid, dashboard.uid);
  assert.deepEqual({ ...bundled, uid: dashboard.uid }, dashboard);
  const plugin: { includes?: Array<{ type: string; path: string }> } = JSON.parse(read('src/plugin.json'));
  assert.ok(
    plugin.includes?.some(({ type, path }) => type === 'dashboard' && path === 'dashboards/cloudflare-access.json')
  );
});

test('a panel that makes new frames of an answer keeps one that says how complete it is', () => {
  const remade = panels.filter(({ transformations = [] }) => transformations.some(({ id }) => id === 'rowsToFields'));
  assert.ok(remade.length > 0);
  for (const { title, targets = [], transformations = [] } of remade) {
    const [first, ...others] = targets.map(({ refId, ...question }) => ({ refId, question: JSON.stringify(question) }));
    const untouched = others.filter(({ question }) => question === first?.question);
    assert.ok(untouched.length > 0, title);
    for (const { id, filter } of transformations) {
      assert.equal(filter?.id, 'byRefId', `${title}: ${id}`);
      untouched.forEach(({ refId }) => assert.notEqual(filter?.options, refId, `${title}: ${id}`));
    }
  }
});
