import type { DataQuery, DataSourceRef, DataTransformerConfig, FieldConfigSource } from '@grafana/data';
import { backendSrv } from '../grafana/backendSrv';
import type { PanelOptions } from '../results/panel';

/** The parts of a dashboard's JSON that the preview shows; https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
export interface Dashboard {
  uid: string;
  title: string;
  /** Interval of auto refresh, such as 1m. */
  refresh?: string;
  time?: { from: string; to: string };
  panels: Panel[];
  templating?: { list: Variable[] };
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  /** 24 columns, rows of 30 px. */
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: DataSourceRef;
  targets?: DataQuery[];
  fieldConfig?: FieldConfigSource;
  options?: PanelOptions;
  transformations?: DataTransformerConfig[];
  interval?: string;
  maxDataPoints?: number;
}

export interface VariableOption {
  text: string;
  value: string;
}

export interface Variable {
  name: string;
  type: string;
  label?: string;
  /** 0 shown, 1 without label, 2 hidden. */
  hide?: number;
  query?: unknown;
  datasource?: DataSourceRef;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  current?: { value?: string | string[] };
  regex?: string;
}

export const loadDashboards = () => backendSrv.get<Dashboard[]>('/api/dashboards');
