/** Places in the repository. `npm run` and scripts/run.mjs start every script in its root. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = process.cwd();
export const DIST = path.join(ROOT, 'dist');
export const ARTIFACTS = path.join(ROOT, 'artifacts');
export const CACHE = path.join(ROOT, 'node_modules', '.cache', 'setup');
export const TEST_RESULTS = path.join(ROOT, 'test-results');
export const PROVISIONING = path.join(ROOT, 'provisioning');
export const PREVIEW_PAGE = path.join(ROOT, 'preview', 'page', 'dist');
export const PREVIEW_HOST = path.join(CACHE, process.platform === 'win32' ? 'preview.exe' : 'preview');

/** What each release has an executable for. */
export const PLATFORMS = [
  'linux_amd64',
  'linux_arm64',
  'darwin_amd64',
  'darwin_arm64',
  'windows_amd64.exe',
  'windows_arm64.exe',
];

interface PluginJson {
  id: string;
  executable: string;
}

export const plugin = JSON.parse(readFileSync(path.join(ROOT, 'src', 'plugin.json'), 'utf8')) as PluginJson;
export const version = (JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string })
  .version;

const GO_ARCH: Record<string, string> = { x64: 'amd64', ia32: '386' };

/** Name of the plugin's executable for this machine's processor, as Grafana on that system looks for it. */
export function executableName(system: NodeJS.Platform = process.platform): string {
  const arch = GO_ARCH[process.arch] ?? process.arch;
  return system === 'win32' ? `${plugin.executable}_windows_${arch}.exe` : `${plugin.executable}_${system}_${arch}`;
}
