/** A step of `npm run build`: the alert rules go into the archive, because whoever installs it does not have the repository. */
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DIST, PROVISIONING } from '../lib/paths';

const FILES = ['alerting/cloudflare-access.yaml', 'terraform/cloudflare-access.tf'];

const folder = path.join(DIST, 'alerting');
mkdirSync(folder, { recursive: true });
for (const file of FILES) {
  cpSync(path.join(PROVISIONING, file), path.join(folder, path.basename(file)));
}
