import { PLUGIN_ID } from '../target';
import { FOLDER, GROUPS } from './index';
import { rowsUrl, type Rule, type RuleQuery, type Step } from './rule';

/** A rule as all of Grafana's formats have it, under one spelling or another. */
export interface ExportedRule {
  uid: string;
  title: string;
  condition: string;
  for: string;
  noDataState: 'OK' | 'Alerting';
  execErrState: 'Error' | 'Alerting';
  labels: Record<string, string>;
  annotations: Record<string, string>;
  data: ExportedQuery[];
}

export interface ExportedQuery {
  refId: string;
  datasourceUid: string;
  /** Seconds before now. */
  relativeTimeRange: { from: number; to: number };
  model: Record<string, unknown>;
}

export interface ExportedGroup {
  name: string;
  folder: string;
  interval: string;
  rules: ExportedRule[];
}

/** Where published pages are; plugin.json links there too. */
const PAGES = 'https://github.com/cfaccess/cfaccess-logs-datasource/blob/main/docs/sources';

const EXPRESSIONS = '__expr__';

/** All rules for the data source with this UID. */
export function exported(datasourceUid: string): ExportedGroup[] {
  return GROUPS.map(({ name, interval, rules }) => ({
    name,
    folder: FOLDER,
    interval,
    rules: rules.map((rule) => exportedRule(rule, datasourceUid)),
  }));
}

function exportedRule(rule: Rule, datasourceUid: string): ExportedRule {
  const datasource = { type: PLUGIN_ID, uid: datasourceUid };
  const condition = rule.steps[rule.steps.length - 1];
  return {
    uid: `cfaccess-${rule.id}`,
    title: rule.title,
    condition: condition.refId,
    for: rule.pending ?? '0s',
    // A table without rows is "no data" to Grafana, and here the good case.
    noDataState: rule.blind ?? 'OK',
    execErrState: rule.blind ?? 'Error',
    labels: { severity: rule.severity, attack: rule.attack, mitre: rule.mitre },
    annotations: {
      summary: rule.summary,
      description: rule.description,
      rows_url: rowsUrl(rule.rows, datasource),
      runbook_url: `${PAGES}/runbooks/${rule.attack}.md`,
    },
    data: [...rule.queries.map((query) => question(query, datasource)), ...rule.steps.map(expression)],
  };
}

function question(
  { refId, from, question, bucket }: RuleQuery,
  datasource: { type: string; uid: string }
): ExportedQuery {
  return {
    refId,
    datasourceUid: datasource.uid,
    relativeTimeRange: { from, to: 0 },
    model: {
      refId,
      datasource,
      ...question,
      ...(bucket === undefined ? {} : { intervalMs: bucket * 1000, maxDataPoints: Math.ceil(from / bucket) + 1 }),
    },
  };
}

function expression(step: Step): ExportedQuery {
  return {
    refId: step.refId,
    datasourceUid: EXPRESSIONS,
    relativeTimeRange: { from: 0, to: 0 },
    model: { datasource: { type: EXPRESSIONS, uid: EXPRESSIONS }, ...step },
  };
}

/** Of an interval of a group. */
export function seconds(interval: string): number {
  const units: Record<string, number> = { s: 1, m: 60, h: 3600 };
  return Number(interval.slice(0, -1)) * units[interval.slice(-1)];
}
