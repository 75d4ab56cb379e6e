import { readFileSync } from 'node:fs';
import { alertRules } from '../dashboards/alerts';
import { doing } from '../dashboards/doing';
import { overview, panelId } from '../dashboards/overview';
import { threats } from '../dashboards/threats';
import { why } from '../dashboards/why';
import { referencePages } from './reference';
import { pluginSchema } from './schema/index';
import { withSettingsTable } from './settingsTable';

/** A generated file, by its path in the repository. Its text is formatted before it is written. */
export interface Output {
  path: string;
  text: string;
}

const SETTINGS_PAGE = 'docs/sources/configure.md';

/** Every generated file. readPage returns the text of a page of which only a part is generated. */
export function outputs(readPage: (path: string) => string = (path) => readFileSync(path, 'utf8')): Output[] {
  const json = (value: unknown): string => JSON.stringify(value, undefined, 2);
  const provisioned = overview('cloudflare-access');
  const alerts = alertRules('cloudflare-access', panelId(provisioned, 'Logins by outcome'));
  return [
    { path: 'provisioning/alerting/cloudflare-access.yaml', text: alerts },
    { path: 'provisioning/dashboards/cloudflare-access.json', text: json(provisioned) },
    {
      path: 'provisioning/dashboards/threats.json',
      text: json(threats('cloudflare-access-detections', 'cloudflare-access-explained')),
    },
    { path: 'provisioning/dashboards/why-blocked.json', text: json(why('cloudflare-access-explained')) },
    { path: 'src/dashboards/cloudflare-access.json', text: json(overview('cloudflare-access-overview')) },
    { path: 'src/dashboards/cloudflare-access-doing.json', text: json(doing('cloudflare-access-doing')) },
    { path: 'src/dashboards/threats.json', text: json(threats('cloudflare-access-threats', 'cloudflare-access-why')) },
    { path: 'src/dashboards/why-blocked.json', text: json(why('cloudflare-access-why')) },
    // Without line breaks, so that Prettier makes few: webpack warns about large files.
    { path: 'src/schema/v0alpha1.json', text: JSON.stringify(pluginSchema()) },
    { path: SETTINGS_PAGE, text: withSettingsTable(readPage(SETTINGS_PAGE)) },
    ...[...referencePages()].map(([page, text]) => ({ path: `docs/sources/${page}`, text })),
  ];
}
