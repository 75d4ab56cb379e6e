import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../generate/files';
import { assertApart } from '../generate/testing';

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  targets?: Array<{ refId: string; expr: string; datasource: { type: string; uid: string } }>;
}

interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: Array<{ name: string; type: string; query: string | { query: string } }> };
}

interface Metric {
  type: string;
  labels: string[];
}

const PATH = 'dashboards/cloudflare-access-doing.json';
const dashboard: Dashboard = JSON.parse(readFileSync(resolve(ROOT, 'src', PATH), 'utf8'));
const panels = dashboard.panels.filter(({ type }) => type !== 'row');
const metrics = readMetrics();
const expressions = panels.flatMap((panel) => panel.targets ?? []).map(({ expr }) => expr);

/** The metrics with their labels, from the table in the documentation, which pkg/plugin holds against the code. */
function readMetrics(): Map<string, Metric> {
  const page = readFileSync(resolve(ROOT, 'docs/sources/troubleshooting.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(cfaccess_\w+)`\s*\| (\w+)\s*\| ([^|]*)\|/gm)];
  return new Map(
    rows.map(([, name, type, labels]) => [
      name ?? '',
      { type: type ?? '', labels: [...(labels ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '') },
    ])
  );
}

/** Names of the metrics in an expression. A histogram's series end in _bucket. */
function used(expr: string): string[] {
  return [...expr.matchAll(/cfaccess_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
}

test('its queries ask for metrics that there are, by labels that they have', () => {
  assert.ok(metrics.size > 10);
  for (const expr of expressions) {
    const names = used(expr);
    assert.ok(names.length > 0, expr);
    for (const name of names) {
      const known = metrics.get(name)?.labels;
      assert.ok(known !== undefined, `${name} is not documented`);
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => (list ?? '').split(', '));
      grouped
        .filter((label) => label !== 'le')
        .forEach((label) => assert.ok(known.includes(label), `${name} by ${label}`));
    }
  }
});

test('counters are asked for their growth, gauges for their value', () => {
  for (const expr of expressions) {
    for (const [, before = '', name, after] of expr.matchAll(/(\w*\()?(cfaccess_\w+)\{[^}]*\}( offset)?/g)) {
      const type = metrics.get(name?.replace(/_bucket$/, '') ?? '')?.type;
      // An offset only asks whether a series was there when the range began.
      const growth = ['rate(', 'increase(', 'max_over_time('].includes(before) || after !== undefined;
      assert.equal(growth, type !== 'gauge', expr);
    }
  }
});

test('it shows every metric, but for the window, which is the unit of another', () => {
  const shown = new Set(expressions.flatMap(used));
  const absent = [...metrics.keys()].filter((name) => !shown.has(name));
  assert.deepEqual(absent, ['cfaccess_received_bytes_total', 'cfaccess_budget_window_seconds']);
});

test('its panels are described and ask the chosen Prometheus for the chosen data sources', () => {
  for (const panel of panels) {
    assert.ok(panel.description, panel.title);
    assert.ok(['stat', 'timeseries'].includes(panel.type), panel.type);
    const chosen = { type: 'prometheus', uid: '${prometheus}' };
    assert.deepEqual(panel.datasource, chosen);
    for (const target of panel.targets ?? []) {
      assert.deepEqual(target.datasource, chosen);
      assert.equal(target.expr.split('cfaccess_').length, target.expr.split('datasource_uid=~"$source"').length);
    }
  }
  const names = dashboard.templating.list.map(({ name }) => name);
  assert.deepEqual(names, ['prometheus', 'source']);
});

test('its panels have their own ids and do not overlap', () => {
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  assertApart(dashboard.panels);
});

test('plugin.json includes it, and every other bundled dashboard', () => {
  const plugin: { includes: Array<{ type: string; path: string }> } = JSON.parse(
    readFileSync(resolve(ROOT, 'src/plugin.json'), 'utf8')
  );
  const included = plugin.includes.filter(({ type }) => type === 'dashboard').map(({ path }) => path);
  const bundled = readdirSync(resolve(ROOT, 'src/dashboards')).map((name) => `dashboards/${name}`);
  assert.deepEqual([...included].sort(), [...bundled].sort());
  assert.ok(included.includes(PATH));
});
