import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { ROOT } from '../../generate/files';
import { faults } from '../../generate/testing';
import { exported, type ExportedGroup } from './export';
import { apiGroup, provisioningJson, provisioningYaml } from './formats';
import { FOLDER, RULES } from './index';
import { ATTACKS, ofAlert, rowsUrl } from './rule';
import { terraform } from './terraform';

const SOURCE = parse(read('provisioning/datasources/cloudflare-access.yaml')).datasources[0];
const exportedRules = exported('another-uid').flatMap(({ rules }) => rules);

function read(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8');
}

for (const rule of RULES) {
  test(`${rule.title}: its queries and the link to its rows follow the schema`, () => {
    [...rule.queries.map(({ question }) => question), rule.rows.question].forEach((question) =>
      assert.equal(faults(question), '')
    );
  });

  test(`${rule.title}: it says where each of its numbers comes from`, () => {
    assert.ok(rule.thresholds.length > 0);
    rule.thresholds.forEach(({ source }) => assert.match(source, /^Our judgment|\]\(https:/));
  });

  test(`${rule.title}: it names only results and labels that it has`, () => {
    const results = [...rule.queries, ...rule.steps].map(({ refId }) => refId);
    assert.equal(new Set(results).size, results.length);
    rule.steps.forEach((step, i) => {
      const known = results.slice(0, rule.queries.length + i);
      const named =
        step.type === 'math' ? [...step.expression.matchAll(/\$(\w+)/g)].map(([, name]) => name) : [step.expression];
      named.forEach((name) => assert.ok(known.includes(name), name));
    });
    const labels = rule.queries.flatMap(({ question }) => [...(question.groupBy ?? []), ...(question.fields ?? [])]);
    const templates = [rule.summary, rule.description, rowsUrl(rule.rows, { type: 't', uid: 'u' })].join(' ');
    [...templates.matchAll(/\$labels\.(\w+)/g)].forEach(([, label]) => assert.ok(labels.includes(label), label));
    [...templates.matchAll(/\$values\.(\w+)/g)].forEach(([, name]) => assert.ok(results.includes(name), name));
  });

  test(`${rule.title}: it has a runbook`, () => {
    assert.ok(existsSync(resolve(ROOT, `docs/sources/runbooks/${rule.attack}.md`)));
  });
}

test('every attack has a rule', () => {
  assert.deepEqual(new Set(RULES.map(({ attack }) => attack)), new Set(ATTACKS));
});

test('UIDs and titles are unique, and Grafana takes them', () => {
  const uids = exportedRules.map(({ uid }) => uid);
  assert.equal(new Set(uids).size, uids.length);
  uids.forEach((uid) => assert.match(uid, /^[a-z0-9-]{1,40}$/));
  assert.equal(new Set(exportedRules.map(({ title }) => title)).size, uids.length);
});

test('every rule says severity, attack, and technique, and leads to its rows and its runbook', () => {
  for (const { labels, annotations } of exportedRules) {
    assert.deepEqual(Object.keys(labels), ['severity', 'attack', 'mitre']);
    assert.match(labels.mitre, /^T\d{4}(\.\d{3})?$|^none$/);
    assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'rows_url', 'runbook_url']);
  }
});

test('a link to rows is an address of Explore with the values of the alert', () => {
  const filters = [{ field: 'app_name', operator: '=' as const, values: [ofAlert('app_name')] }];
  const link = rowsUrl(
    { from: 'now-2h', question: { queryType: 'access_requests', filters } },
    { type: 't', uid: 'u' }
  );
  const [before, after] = link.split('{{ printf "%q" $labels.app_name | urlquery }}');
  // What Go's %q and urlquery make of a name with quotes, blanks, and ampersands.
  const url = new URL(
    `${before}%22Bob%27s+%5C%22R%26D%5C%22%22${after}`.replace('{{ externalURL }}', 'https://g.example/')
  );
  const panes = JSON.parse(url.searchParams.get('panes') ?? '');
  assert.equal(url.pathname, '/explore');
  assert.deepEqual(panes.rows.queries[0].filters[0].values, [`Bob's "R&D"`]);
  assert.deepEqual(panes.rows.range, { from: 'now-2h', to: 'now' });
});

test('the provisioned rules ask the provisioned data source', () => {
  const file = read('provisioning/alerting/cloudflare-access.yaml');
  assert.equal(file, provisioningYaml(SOURCE.uid));
  const groups: ExportedGroup[] = parse(file).groups;
  const uids = groups.flatMap(({ rules }) =>
    rules.flatMap(({ data }) => data.map(({ datasourceUid }) => datasourceUid))
  );
  assert.deepEqual(new Set(uids), new Set([SOURCE.uid, '__expr__']));
});

test('in every format, the UID that was asked for is the only one', () => {
  for (const text of [provisioningYaml('another-uid'), provisioningJson('another-uid'), terraform('another-uid')]) {
    assert.ok(text.includes('another-uid'));
    assert.doesNotMatch(text, /UID-OF|["']cfaccess["']|%22cfaccess%22/);
  }
});

test('Terraform replaces the UID by its variable, and takes no template for its own', () => {
  const text = terraform();
  const places = [...text.matchAll(/(\$+)\{([^}]*)\}/g)];
  assert.ok(places.length > 0);
  places.forEach(([, dollars, name]) => assert.deepEqual([dollars, name], ['$', 'var.datasource_uid']));
  assert.equal([...text.matchAll(/^ {2}rule \{$/gm)].length, RULES.length);
});

test('the HTTP API gets whole seconds and the folder', () => {
  const [group] = exported('u').map((each) => apiGroup(each, 'folder-1'));
  assert.equal(group.interval, 60);
  assert.ok(group.rules.every(({ folderUID, ruleGroup }) => folderUID === 'folder-1' && ruleGroup === group.title));
  assert.equal(FOLDER, 'Cloudflare Access');
});
