import { code, table } from './reference';
import { SECRETS, SETTINGS, type SettingSchema } from './schema/settings';

const BEGIN = '<!-- settings: made by npm run generate -->';
const END = '<!-- /settings -->';

/**
 * Replaces the table of settings between its two marks in a page.
 * Throws if the page has lost a mark.
 */
export function withSettingsTable(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`The settings page needs "${BEGIN}" and, after it, "${END}".`);
  }
  const tables = [
    table(['jsonData', 'Kind', 'Default', 'Meaning'], Object.entries(SETTINGS).map(settingRow)),
    table(
      ['secureJsonData', 'Meaning'],
      Object.entries(SECRETS).map(([key, description]) => [code(key), description])
    ),
  ];
  return `${page.slice(0, begin)}${BEGIN}\n\n${tables.join('\n\n')}\n\n${page.slice(end)}`;
}

function settingRow([key, setting]: [string, SettingSchema]): string[] {
  const kind = setting.enum === undefined ? setting.type : setting.enum.map(code).join(', ');
  return [code(key), kind, setting.default === undefined ? 'none' : code(String(setting.default)), setting.description];
}
