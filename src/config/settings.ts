import { type DataSourcePluginOptionsEditorProps } from '@grafana/data';

import { DEFAULT_API_URL, type AccessOptions, type AccessSecrets } from '../types';

export type EditorProps = DataSourcePluginOptionsEditorProps<AccessOptions, AccessSecrets>;

/** The host of an API URL; that of the default where there is none. */
function hostOf(apiUrl: string | undefined): string {
  try {
    return new URL(apiUrl || DEFAULT_API_URL).host;
  } catch {
    return '';
  }
}

/** Whoever changes where the secret is sent has to know it: the saved one stays with the host that it was saved for. */
function withoutSavedSecrets(options: EditorProps['options']): EditorProps['options'] {
  const { secureJsonFields = {}, secureJsonData = {} } = options;
  const saved = (['apiToken', 'apiKey'] as const).filter((name) => secureJsonFields[name]);
  return {
    ...options,
    secureJsonFields: { ...secureJsonFields, ...Object.fromEntries(saved.map((name) => [name, false])) },
    secureJsonData: { ...Object.fromEntries(saved.map((name) => [name, ''])), ...secureJsonData },
  };
}

/** Reads and changes settings; a change keeps everything else as it is. */
export function settingsOf({ options, onOptionsChange }: EditorProps) {
  return {
    settings: options.jsonData,
    /** What was typed into the inputs of secrets. */
    secrets: options.secureJsonData ?? {},
    /** Changes settings; undefined takes one out. Another host for the API takes the saved secrets out, too. */
    change: (change: Partial<AccessOptions>) => {
      const elsewhere = 'apiUrl' in change && hostOf(change.apiUrl) !== hostOf(options.jsonData.apiUrl);
      onOptionsChange({
        ...(elsewhere ? withoutSavedSecrets(options) : options),
        jsonData: { ...options.jsonData, ...change },
      });
    },
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
