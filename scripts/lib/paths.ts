/** Places in the repository. `npm run` and scripts/run.mjs start every script in its root. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = process.cwd();
export const DIST = path.join(ROOT, 'dist');
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'setup');
export const TEST_RESULTS = path.join(ROOT, 'test-results');
export const PROVISIONING = path.join(ROOT, 'provisioning');
export const PREVIEW_PAGE = path.join(ROOT, 'preview', 'page', 'dist');
export const PREVIEW_HOST = path.join(CACHE, process.platform === 'win32' ? 'preview.exe' : 'preview');

interface PluginJson {
  id: string;
  executable: string;
}

export const plugin = JSON.parse(readFileSync(path.join(ROOT, 'src', 'plugin.json'), 'utf8')) as PluginJson;
export const version = (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string })
  .version;

const GO_OS: Record<string, string> = { win32: 'windows' };
const GO_ARCH: Record<string, string> = { x64: 'amd64', ia32: '386' };

/** Name of the plugin's executable for this machine, as Grafana looks for it. */
export const executableName = [
  plugin.executable,
  GO_OS[process.platform] ?? process.platform,
  `${GO_ARCH[process.arch] ?? process.arch}${process.platform === 'win32' ? '.exe' : ''}`,
].join('_');
