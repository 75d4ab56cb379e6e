import type { DataSourceApi, DataSourceInstanceSettings, DataSourceRef, ScopedVars } from '@grafana/data';
import { config, type DataSourceSrv, getTemplateSrv } from '@grafana/runtime';
import { reloadDataSourceInstanceSettings } from '@grafana/runtime/unstable';
import { backendSrv } from './backendSrv';
import type { Plugin } from './plugin';

interface FrontendSettings {
  datasources: Record<string, DataSourceInstanceSettings>;
  defaultDatasource: string;
}

/** The plugin's data sources: instances are made on demand and anew after their settings changed. */
export class DataSources implements DataSourceSrv {
  private instances = new Map<string, DataSourceApi>();

  constructor(private plugin: Plugin) {}

  /** The default one first. */
  getList(): DataSourceInstanceSettings[] {
    return Object.values(config.datasources).sort((a, b) => Number(b.isDefault) - Number(a.isDefault));
  }

  getInstanceSettings(
    ref?: DataSourceRef | string | null,
    scopedVars?: ScopedVars
  ): DataSourceInstanceSettings | undefined {
    const name = getTemplateSrv().replace(
      (typeof ref === 'object' ? ref?.uid : ref) ?? config.defaultDatasource,
      scopedVars
    );
    return this.getList().find((one) => one.uid === name || one.name === name);
  }

  /** Throws where there is none of that name or uid. */
  instance(ref?: DataSourceRef | string | null): DataSourceApi {
    const settings = this.getInstanceSettings(ref);
    if (!settings) {
      throw new Error(`There is no data source ${JSON.stringify(ref)}.`);
    }
    const instance = this.instances.get(settings.uid) ?? new this.plugin.DataSourceClass(settings);
    instance.components = this.plugin.components;
    instance.meta = this.plugin.meta;
    this.instances.set(settings.uid, instance);
    return instance;
  }

  async get(ref?: DataSourceRef | string | null): Promise<DataSourceApi> {
    return this.instance(ref);
  }

  async reload() {
    const settings = await backendSrv.get<FrontendSettings>('/api/frontend/settings');
    config.datasources = settings.datasources;
    config.defaultDatasource = settings.defaultDatasource;
    this.instances.clear();
  }

  registerRuntimeDataSource() {
    throw new Error('The preview doesn’t support runtime data sources.');
  }
}

/** @grafana/runtime keeps its own list of settings, which it fetches only while no DataSourceSrv is set. */
export const fillRuntimeSettings = reloadDataSourceInstanceSettings;
