import {
  CoreApp,
  type DataFrame,
  type DataQueryRequest,
  type DataSourceApi,
  FieldType,
  type MetricFindValue,
  type RawTimeRange,
  type TypedVariableModel,
  VariableSupportType,
} from '@grafana/data';
import { from, lastValueFrom } from 'rxjs';
import type { DataSources } from '../grafana/dataSources';
import { setVariables } from '../grafana/templateSrv';
import { toTimeRange } from '../results/useQueryData';
import type { Dashboard, Variable, VariableOption } from './model';

/** A variable with the values it can have and those that are chosen. */
export interface LoadedVariable extends Variable {
  options: VariableOption[];
  chosen: string[];
  /** Why the values could not be loaded; panels go on with the saved ones, as in Grafana. */
  failure?: string;
}

const all: VariableOption = { text: 'All', value: '$__all' };

/** Loads the options of a dashboard's variables in order, because later ones may use earlier ones. */
export async function loadVariables(
  dashboard: Dashboard,
  dataSources: DataSources,
  raw: RawTimeRange,
  params: URLSearchParams
): Promise<LoadedVariable[]> {
  const loaded: LoadedVariable[] = [];
  for (const variable of dashboard.templating?.list ?? []) {
    const { found, failure } = await loadOptions(variable, dataSources, raw).then(
      (found) => ({ found, failure: undefined }),
      (error: Error) => ({ found: [], failure: error.message })
    );
    const options = variable.includeAll ? [all, ...found] : found;
    const inUrl = params.getAll(`var-${variable.name}`);
    const saved = [variable.current?.value ?? []]
      .flat()
      .filter((value) => options.some((option) => option.value === value));
    const chosen = inUrl.length ? inUrl : saved.length ? saved : options.slice(0, 1).map(({ value }) => value);
    loaded.push({ ...variable, options, chosen, failure });
    setVariables(loaded.map(toModel));
  }
  return loaded;
}

/** The form in which plugins find variables in the template service. */
function toModel(variable: LoadedVariable): TypedVariableModel {
  const { chosen, options, allValue, multi, includeAll } = variable;
  const every = () => (allValue ? [allValue] : options.filter((option) => option !== all).map(({ value }) => value));
  const values = chosen.includes(all.value) ? every() : chosen;
  const value = multi || (includeAll && values.length > 1) ? values : (values[0] ?? '');
  const text = chosen.includes(all.value) ? all.text : value;
  return { ...variable, current: { text, value } } as unknown as TypedVariableModel;
}

async function loadOptions(variable: Variable, dataSources: DataSources, raw: RawTimeRange): Promise<VariableOption[]> {
  const text = typeof variable.query === 'string' ? variable.query : '';
  switch (variable.type) {
    case 'query':
      return askDataSource(dataSources.instance(variable.datasource), variable, raw);
    case 'datasource':
      return dataSources
        .getList()
        .filter(({ type }) => type === text)
        .map(({ name, uid }) => ({ text: name, value: uid }));
    case 'custom':
      return text.split(',').map((entry) => {
        const [label, value] = entry.split(' : ').map((part) => part.trim());
        return { text: label, value: value ?? label };
      });
    default:
      return text ? [{ text, value: text }] : [];
  }
}

/** The three kinds of variable support, and the method that came before them. */
async function askDataSource(
  dataSource: DataSourceApi,
  variable: Variable,
  raw: RawTimeRange
): Promise<VariableOption[]> {
  const range = toTimeRange(raw);
  const support = dataSource.variables;
  if (!support) {
    const found = (await dataSource.metricFindQuery?.(variable.query, { range, variable })) ?? [];
    return found.map(toOption);
  }
  const query = { refId: variable.name, ...(variable.query as object) };
  const request: DataQueryRequest = {
    app: CoreApp.Dashboard,
    requestId: `variable-${variable.name}`,
    range,
    interval: '1m',
    intervalMs: 60_000,
    timezone: 'browser',
    startTime: Date.now(),
    scopedVars: {},
    targets: [query],
  };
  const type = support.getType();
  if (type === VariableSupportType.Standard && 'toDataQuery' in support) {
    request.targets = [support.toDataQuery(query as never)];
  }
  const asked = type === VariableSupportType.Custom && 'query' in support ? support : dataSource;
  const response = await lastValueFrom(from(asked.query!(request as never)));
  const failure = response.errors?.[0] ?? response.error;
  if (failure) {
    throw new Error(failure.message);
  }
  return (response.data as Array<DataFrame | MetricFindValue>).flatMap((answer) =>
    'fields' in answer ? readOptions(answer) : toOption(answer)
  );
}

const toOption = ({ text, value }: MetricFindValue): VariableOption => ({ text, value: String(value ?? text) });

function readOptions(frame: DataFrame): VariableOption[] {
  const text =
    frame.fields.find(({ name }) => name === 'text') ?? frame.fields.find(({ type }) => type === FieldType.string);
  const value = frame.fields.find(({ name }) => name === 'value') ?? text;
  return Array.from({ length: frame.length }, (_, row) => ({
    text: String(text?.values[row]),
    value: String(value?.values[row]),
  }));
}
