/**
 * `npm run rules -- --datasource <uid>` prints the alert rules for a data source with this UID, as a file for Grafana's
 * provisioning or as a Terraform module. With --grafana, it puts them into a running Grafana, where people can edit them.
 */
import { parseArgs } from 'node:util';
import { provisioningJson, provisioningYaml } from './formats';
import { putRules } from './put';
import { terraform } from './terraform';

const FORMATS: Record<string, (datasourceUid: string) => string> = {
  yaml: provisioningYaml,
  json: provisioningJson,
  terraform,
};

const USAGE = `Use: npm run rules -- --datasource <uid> [--format ${Object.keys(FORMATS).join('|')}] [--grafana <url>]

  --datasource  The UID of the Cloudflare Access data source: the end of the address of its settings page.
  --format      Default: yaml.
  --grafana     Puts the rules into this Grafana instead. GRAFANA_TOKEN must be the token of a service account that may
                write folders and alert rules.`;

/** As Grafana allows it. */
const UID = /^[a-zA-Z0-9_-]{1,40}$/;

async function main(): Promise<void> {
  const { datasource, format, grafana } = options();
  if (datasource === undefined || !UID.test(datasource) || !(format in FORMATS)) {
    throw new Error(USAGE);
  }
  if (grafana === undefined) {
    process.stdout.write(FORMATS[format](datasource));
    return;
  }
  const token = process.env.GRAFANA_TOKEN;
  if (!token) {
    throw new Error('Set GRAFANA_TOKEN to the token of a service account that may write folders and alert rules.');
  }
  for await (const name of putRules(grafana, token, datasource)) {
    console.log(`Wrote the rule group "${name}".`);
  }
}

function options() {
  const option = { type: 'string' } as const;
  try {
    const { values } = parseArgs({ options: { datasource: option, format: option, grafana: option } });
    return { ...values, format: values.format ?? 'yaml' };
  } catch {
    throw new Error(USAGE);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
