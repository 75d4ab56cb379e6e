import { stringify } from 'yaml';
import { exported, seconds, type ExportedGroup } from './export';

const ORGANIZATION = 1;

const HOW = [
  'Alert rules on the logs of Cloudflare Access. Made from dashboards/rules/: change that, not this file.',
  'docs/sources/alerting.md says what each rule finds, where its numbers come from, and how to fit them to your organization.',
];
export const HEADER = HOW.map((line) => `# ${line}\n`).join('');

/** A file for Grafana's folder provisioning/alerting. Grafana expands no variables of its environment in annotations and queries. */
export function provisioningYaml(datasourceUid: string): string {
  return (
    HEADER +
    stringify(provisioned(datasourceUid), { lineWidth: 0, defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' })
  );
}

/** The same file in JSON, which Grafana does not read itself, but scripts do. */
export function provisioningJson(datasourceUid: string): string {
  return `${JSON.stringify(provisioned(datasourceUid), undefined, 2)}\n`;
}

function provisioned(datasourceUid: string) {
  return { apiVersion: 1, groups: exported(datasourceUid).map((group) => ({ orgId: ORGANIZATION, ...group })) };
}

/** A body of Grafana's HTTP API: PUT /api/v1/provisioning/folder/<folder>/rule-groups/<title>. */
export function apiGroup({ name, interval, rules }: ExportedGroup, folderUid: string) {
  return {
    title: name,
    folderUid,
    interval: seconds(interval),
    rules: rules.map((rule) => ({ ...rule, orgID: ORGANIZATION, folderUID: folderUid, ruleGroup: name })),
  };
}
