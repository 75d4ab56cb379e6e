import { readFileSync } from 'node:fs';
import { doing } from '../dashboards/doing';
import { overview } from '../dashboards/overview';
import { provisioningYaml } from '../dashboards/rules/formats';
import { terraform } from '../dashboards/rules/terraform';
import { PROVISIONED } from '../dashboards/target';
import { why } from '../dashboards/why';
import { ATTACKS } from '../dashboards/rules/rule';
import { referencePages } from './reference';
import { withFacts, withRules } from './rulePages';
import { pluginSchema } from './schema/index';
import { withSettingsTable } from './settingsTable';

/** A generated file, by its path in the repository. Its text is formatted before it is written. */
export interface Output {
  path: string;
  text: string;
}

const SETTINGS_PAGE = 'docs/sources/configure.md';
const ALERTING_PAGE = 'docs/sources/alerting.md';

/** Every generated file. readPage returns the text of a page of which only a part is generated. */
export function outputs(readPage: (path: string) => string = (path) => readFileSync(path, 'utf8')): Output[] {
  const json = (value: unknown): string => JSON.stringify(value, undefined, 2);
  const provisioned = overview('cloudflare-access');
  return [
    { path: 'provisioning/alerting/cloudflare-access.yaml', text: provisioningYaml(PROVISIONED.uid) },
    { path: 'provisioning/terraform/cloudflare-access.tf', text: terraform() },
    { path: 'provisioning/dashboards/cloudflare-access.json', text: json(provisioned) },
    { path: 'provisioning/dashboards/why-blocked.json', text: json(why('cloudflare-access-explained')) },
    { path: 'src/dashboards/cloudflare-access.json', text: json(overview('cloudflare-access-overview')) },
    { path: 'src/dashboards/cloudflare-access-doing.json', text: json(doing('cloudflare-access-doing')) },
    { path: 'src/dashboards/why-blocked.json', text: json(why('cloudflare-access-why')) },
    { path: ALERTING_PAGE, text: withRules(readPage(ALERTING_PAGE)) },
    ...ATTACKS.map((attack) => `docs/sources/runbooks/${attack}.md`).map((path, i) => ({
      path,
      text: withFacts(readPage(path), ATTACKS[i]),
    })),
    // Without line breaks, so that Prettier makes few: webpack warns about large files.
    { path: 'src/schema/v0alpha1.json', text: JSON.stringify(pluginSchema()) },
    { path: SETTINGS_PAGE, text: withSettingsTable(readPage(SETTINGS_PAGE)) },
    ...[...referencePages()].map(([page, text]) => ({ path: `docs/sources/${page}`, text })),
  ];
}
