import { type DataSourcePluginOptionsEditorProps } from '@grafana/data';

import { type AccessOptions, type AccessSecrets } from '../types';

export type EditorProps = DataSourcePluginOptionsEditorProps<AccessOptions, AccessSecrets>;

/** Reads and changes settings; a change keeps everything else as it is. */
export function settingsOf({ options, onOptionsChange }: EditorProps) {
  return {
    settings: options.jsonData,
    /** Changes settings; undefined takes one out. */
    change: (change: Partial<AccessOptions>) =>
      onOptionsChange({ ...options, jsonData: { ...options.jsonData, ...change } }),
    isConfigured: (secret: keyof AccessSecrets) => Boolean(options.secureJsonFields?.[secret]),
    secret: (name: keyof AccessSecrets) => options.secureJsonData?.[name] ?? '',
    changeSecret: (name: keyof AccessSecrets, value: string) =>
      onOptionsChange({ ...options, secureJsonData: { ...options.secureJsonData, [name]: value } }),
    resetSecret: (name: keyof AccessSecrets) =>
      onOptionsChange({
        ...options,
        secureJsonFields: { ...options.secureJsonFields, [name]: false },
        secureJsonData: { ...options.secureJsonData, [name]: '' },
      }),
  };
}

export type Settings = ReturnType<typeof settingsOf>;
