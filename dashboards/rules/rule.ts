import type { Question } from '../target';

/** What rules tell apart, as `labels.attack`. Routes, silences and runbooks go by it. */
export const ATTACKS = [
  'spray',
  'distributed_spray',
  'stuffing',
  'bruteforce_user',
  'burst_then_success',
  'many_countries',
  'new_country',
  'token_new_address',
  'blocked_spike',
  'app_failure_rate',
  'mtls_failures',
  'scim_failures',
  'access_changed',
  'token_expiring',
  'incomplete',
] as const;
export type Attack = (typeof ATTACKS)[number];

export type Severity = 'info' | 'warning' | 'critical';

/** Seconds. */
export const MINUTE = 60;
export const HOUR = 60 * MINUTE;

/**
 * How far rules about single events look back: the default of the setting sealAfter, after which Cloudflare is taken to have
 * delivered everything. An event that arrives later than it happened still alerts.
 */
export const UNTIL_SEALED = 15 * MINUTE;

/** A question to the data source about the time from so many seconds ago to now. */
export interface RuleQuery {
  refId: string;
  from: number;
  question: Question;
  /** Seconds a bucket of a time series. */
  bucket?: number;
}

export type Comparison = 'gt' | 'within_range';

/** One of Grafana's server-side expressions, by the properties of its model. */
export type Step = { refId: string } & (
  | { type: 'math'; expression: string }
  | { type: 'reduce'; expression: string; reducer: 'max' }
  | { type: 'threshold'; expression: string; conditions: Array<{ evaluator: { type: Comparison; params: number[] } }> }
);

/** The events behind an alert. A filter can take its value from the alert: refer to `ofAlert`. */
export interface Rows {
  /** As Explore writes it, such as now-1h. */
  from: string;
  question: Question;
}

/** A number that decides, and where it comes from: a published rule, or our own judgment. Markdown. */
export interface Threshold {
  what: string;
  source: string;
}

export interface Rule {
  /** The part of the rule's UID after the plugin's own. */
  id: string;
  attack: Attack;
  title: string;
  severity: Severity;
  /** A technique of MITRE ATT&CK, or `none` where nobody attacks. */
  mitre: string;
  /** Go templates of Grafana: `$labels` are those of the alert, `$values` the results of queries and steps. */
  summary: string;
  description: string;
  queries: RuleQuery[];
  /** The last one is the condition. */
  steps: Step[];
  rows: Rows;
  thresholds: Threshold[];
  /** How long the condition must hold; absent: one evaluation is enough. */
  pending?: string;
  /** What an evaluation that fails, or that has no data, means. */
  blind?: 'Alerting';
}

/** A rule is quiet where its query finds nothing, so any row is one too many. */
export function anyOf(query: string): Step {
  return {
    refId: 'found',
    type: 'threshold',
    expression: query,
    conditions: [{ evaluator: { type: 'gt', params: [0] } }],
  };
}

/** A condition in Grafana's math, which takes numbers with the same labels together. */
export function where(expression: string): Step {
  return { refId: 'found', type: 'math', expression };
}

/** The greatest value of a time series. */
export function peakOf(query: string, refId: string): Step {
  return { refId, type: 'reduce', expression: query, reducer: 'max' };
}

const MARK = '\u0001';

/** In a filter of `rows`: the value that the alert has for a label. */
export function ofAlert(label: string): string {
  return MARK + label + MARK;
}

/**
 * An address in Grafana's Explore with these rows, as a template of an annotation. `%q` writes a label's value as JSON has it,
 * and `urlquery` makes it fit for an address.
 */
export function rowsUrl({ from, question }: Rows, datasource: { type: string; uid: string }): string {
  const queries = [{ refId: 'A', datasource, ...question }];
  const panes = JSON.stringify({ rows: { datasource: datasource.uid, queries, range: { from, to: 'now' } } });
  const parts = panes.split(/"\\u0001(\w+)\\u0001"/).map((part, i) => {
    return i % 2 === 0 ? encodeURIComponent(part) : `{{ printf "%q" $labels.${part} | urlquery }}`;
  });
  return `{{ externalURL }}explore?schemaVersion=1&panes=${parts.join('')}`;
}
