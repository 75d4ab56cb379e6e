/** Evaluates alert rules as Grafana does: their queries through the executable, their expressions by what they mean. */
import { isDeepStrictEqual } from 'node:util';
import type { ExportedQuery, ExportedRule } from '../../dashboards/rules/export';
import type { DataSource, Query, Result } from '../harness/executable';
import { evaluateMath } from './math';
import { valuesOf, type Labels, type Value } from './values';

export interface Evaluation {
  /** The labels of each alert; none where the rule is quiet. */
  alerts: Labels[];
  /** Why the rule cannot see. */
  error?: string;
}

const EXPRESSION = '__expr__';

/** All rules at a time (epoch milliseconds). Queries about the same time go in one request; to the executable they are several. */
export async function evaluate(
  source: DataSource,
  rules: ExportedRule[],
  now: number
): Promise<Map<string, Evaluation>> {
  const asked = rules.flatMap((rule) =>
    rule.data.filter(({ datasourceUid }) => datasourceUid !== EXPRESSION).map((query) => ({ rule, query }))
  );
  const answers: Record<string, Result> = {};
  const ranges = [...new Set(asked.map(({ query }) => query.relativeTimeRange.from))];
  await Promise.all(
    ranges.map(async (from) => {
      const queries = asked.filter(({ query }) => query.relativeTimeRange.from === from);
      const range = { from: now - from * 1000, to: now };
      const models = queries.map(({ rule, query }) => ({
        ...(query.model as unknown as Query),
        refId: nameOf(rule, query),
      }));
      Object.assign(answers, await source.query(range, withSource(models, source), true));
    })
  );
  return new Map(rules.map((rule) => [rule.uid, evaluation(rule, (query) => answers[nameOf(rule, query)])]));
}

const nameOf = (rule: ExportedRule, query: ExportedQuery): string => `${rule.uid} ${query.refId}`;

/** The queries of rules name the data source that is provisioned, and a test has one of its own. */
function withSource(queries: Query[], { uid }: DataSource): Query[] {
  return queries.map((query) => ({ ...query, datasource: { uid, type: 'cfaccess-logs-datasource' } }));
}

function evaluation(rule: ExportedRule, answerTo: (query: ExportedQuery) => Result | undefined): Evaluation {
  const vars: Record<string, Value[]> = {};
  for (const query of rule.data) {
    if (query.datasourceUid === EXPRESSION) {
      vars[query.refId] = compute(query.model, vars);
      continue;
    }
    const answer = answerTo(query);
    if (!answer || answer.error !== undefined) {
      const error = answer?.error ?? 'There is no answer.';
      return { alerts: rule.execErrState === 'Alerting' ? [{}] : [], error };
    }
    vars[query.refId] = valuesOf(answer.frames ?? []);
  }
  return { alerts: alertsOf(rule, vars[rule.condition]) };
}

/** Anything but 0 alerts, even what is not a number. */
function alertsOf({ noDataState, title }: ExportedRule, results: Value[]): Labels[] {
  const alerts = results.flatMap((result): Labels[] => {
    if (result.kind === 'series') {
      throw new Error(`The condition of "${title}" is a time series, not a number.`);
    }
    const value = result.kind === 'none' ? null : result.value;
    return (value === null ? noDataState === 'Alerting' : value !== 0) ? [result.labels] : [];
  });
  const twice = alerts.some((labels, i) => alerts.slice(0, i).some((other) => isDeepStrictEqual(labels, other)));
  if (twice) {
    throw new Error(`"${title}" has two alerts with the same labels.`);
  }
  return alerts;
}

interface Model {
  type?: string;
  expression?: string;
  reducer?: string;
  conditions?: Array<{ evaluator: { type: string; params: number[] } }>;
}

function compute(model: Model, vars: Record<string, Value[]>): Value[] {
  const { type, expression = '', conditions = [] } = model;
  if (type === 'math') {
    return evaluateMath(expression, vars);
  }
  const input = vars[expression];
  if (!input) {
    throw new Error(`There is no "${expression}".`);
  }
  if (type === 'reduce' && model.reducer === 'max') {
    return input.map(max);
  }
  const [{ evaluator }] = conditions;
  const test = THRESHOLDS[evaluator.type];
  if (type !== 'threshold' || !test) {
    throw new Error(`What is the expression ${JSON.stringify(model)}?`);
  }
  return input.map((value): Value => {
    const holds = (n: number | null): number | null => (n === null ? null : Number(test(n, evaluator.params)));
    if (value.kind === 'series') {
      return { ...value, points: new Map([...value.points].map(([time, n]) => [time, holds(n)])) };
    }
    return value.kind === 'none' ? value : { ...value, value: holds(value.value) };
  });
}

/** Strict: a point without a number makes the whole result not a number. */
function max(value: Value): Value {
  if (value.kind !== 'series') {
    return value;
  }
  const points = [...value.points.values()].map((point) => point ?? NaN);
  return { kind: 'number', labels: value.labels, value: points.length === 0 ? NaN : Math.max(...points) };
}

const THRESHOLDS: Record<string, (value: number, params: number[]) => boolean> = {
  gt: (value, [than]) => value > than,
  within_range: (value, [low, high]) => value > low && value < high,
};
