import {
  type DataContextScopedVar,
  escapeRegex,
  FieldType,
  formattedValueToString,
  getDisplayProcessor,
  getFieldDisplayValuesProxy,
  getFieldDisplayName,
  getFrameDisplayName,
  type ScopedVars,
  type TimeRange,
  type TypedVariableModel,
} from '@grafana/data';
import { get } from 'lodash';
import type { TemplateSrv } from '@grafana/runtime';

type Value = string | string[];

/** Grafana's syntax: $name, ${name}, ${name.field}, ${name:format} and [[name]]. */
const expression = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g;

let range: TimeRange | undefined;
let variables: TypedVariableModel[] = [];

/** What the dashboard's variables are now; the page sets it before it runs queries. */
export function setVariables(current: TypedVariableModel[]) {
  variables = current;
}

/** What data links and titles may name of the clicked cell: ${__value.raw}, ${__field.name}, ${__data.fields.x}. */
function lookUpCell(name: string, path: string | undefined, context: DataContextScopedVar['value']): unknown {
  const { frame, field, rowIndex, calculatedValue } = context;
  const row = rowIndex ?? 0;
  if (name === '__field' || name === '__series') {
    return name === '__series'
      ? getFrameDisplayName(frame)
      : path === 'displayName'
        ? getFieldDisplayName(field, frame)
        : field.name;
  }
  if (name === '__data') {
    return get({ fields: getFieldDisplayValuesProxy({ frame, rowIndex: row }) }, path ?? '');
  }
  if (path === 'raw' || path === 'numeric') {
    return calculatedValue?.numeric ?? field.values[row];
  }
  if (path === 'time') {
    return frame.fields.find(({ type }) => type === FieldType.time)?.values[row];
  }
  return formattedValueToString(calculatedValue ?? (field.display ?? getDisplayProcessor())(field.values[row]));
}

function lookUp(name: string, path: string | undefined, scopedVars: ScopedVars | undefined): unknown {
  const context: DataContextScopedVar | undefined = scopedVars?.__dataContext;
  if (context && ['__value', '__field', '__series', '__data'].includes(name)) {
    return lookUpCell(name, path, context.value);
  }
  const scoped = scopedVars?.[name]?.value;
  if (scoped !== undefined && scoped !== null) {
    return path
      ? path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], scoped)
      : scoped;
  }
  if ((name === '__from' || name === '__to') && range) {
    return (name === '__from' ? range.from : range.to).valueOf();
  }
  const variable = variables.find((candidate) => candidate.name === name);
  return variable && 'current' in variable && 'value' in variable.current ? variable.current.value : undefined;
}

/** What Grafana shows as chosen, which for a variable on All is "All" and not its values. */
function isShownAsAll(name: string, scopedVars: ScopedVars | undefined): boolean {
  const variable = variables.find((candidate) => candidate.name === name);
  const current = variable && 'current' in variable ? variable.current : undefined;
  return !scopedVars?.[name] && current !== undefined && 'text' in current && current.text === 'All';
}

const formats: Record<string, (value: Value) => string> = {
  glob: (value) => (Array.isArray(value) ? (value.length === 1 ? value[0] : `{${value.join(',')}}`) : value),
  csv: String,
  raw: String,
  text: (value) => [value].flat().join(' + '),
  pipe: (value) => [value].flat().join('|'),
  json: (value) => JSON.stringify(value),
  regex: (value) => (Array.isArray(value) ? `(${value.map(escapeRegex).join('|')})` : escapeRegex(value)),
  singlequote: (value) =>
    [value]
      .flat()
      .map((one) => `'${one.replaceAll("'", "\\'")}'`)
      .join(','),
  doublequote: (value) =>
    [value]
      .flat()
      .map((one) => `"${one.replaceAll('"', '\\"')}"`)
      .join(','),
};

/** Grafana's interpolation, with its common formats. */
export const templateSrv: TemplateSrv = {
  getVariables: () => variables,
  containsTemplate: (target) => Boolean(target && target.search(expression) >= 0),
  updateTimeRange: (current) => {
    range = current;
  },
  replace: (target, scopedVars, format) =>
    (target ?? '').replace(expression, (match, plain, square, squareFormat, curly, path, curlyFormat) => {
      if ((squareFormat ?? curlyFormat) === 'text' && isShownAsAll(square ?? curly, scopedVars)) {
        return 'All';
      }
      const found = lookUp(plain ?? square ?? curly, path, scopedVars);
      if (found === undefined || found === null) {
        return match;
      }
      const value: Value = Array.isArray(found) ? found.map(String) : String(found);
      if (typeof format === 'function') {
        return format(value, { name: plain ?? square ?? curly, multi: Array.isArray(found) }, String);
      }
      return (formats[squareFormat ?? curlyFormat ?? format ?? 'glob'] ?? formats.glob)(value);
    }),
};
