/** Runs a Grafana that is installed on this machine with the built plugin and this repository's provisioning. */
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onlyAt, type Access } from './access';
import { Failure } from './failure';
import { DIST, plugin, PROVISIONING } from './paths';
import { start } from './processes';
import { untilAnswers } from './waiting';

const START_SECONDS = 180;

export interface LocalGrafana {
  url: string;
  /** File with Grafana's own log. */
  log: string;
  /** Resolves when Grafana ends by itself. */
  ended: Promise<void>;
}

/**
 * Starts `home`/bin/grafana on 127.0.0.1:`port`. Data, log and plugins live in a temporary folder, which goes when
 * this process ends well; nothing in `home` is written. `env` is what provisioning/datasources reads.
 */
export async function startLocalGrafana(
  home: string,
  port: number,
  env: object,
  access: Access
): Promise<LocalGrafana> {
  const binary = path.join(home, 'bin', process.platform === 'win32' ? 'grafana.exe' : 'grafana');
  if (!existsSync(binary)) {
    throw new Failure(
      `GRAFANA_HOME is ${home}, but there is no ${binary}. Unpack a Grafana archive and set GRAFANA_HOME to its folder.`
    );
  }
  const folder = mkdtempSync(path.join(tmpdir(), `${plugin.id}-`));
  const plugins = path.join(folder, 'plugins');
  mkdirSync(plugins);
  symlinkSync(DIST, path.join(plugins, plugin.id), 'junction');

  const url = `http://127.0.0.1:${port}`;
  const log = path.join(folder, 'grafana.log');
  const output = openSync(log, 'a');
  const child = start(binary, ['server', '--homepath', home], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...settings(folder, plugins, port), ...access.settings, ...env },
  });
  closeSync(output);
  let alive = true;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      alive = false;
      resolve();
    };
    child.once('exit', end);
    child.once('error', end);
  });
  await untilAnswers(`${url}/api/health`, START_SECONDS, () => alive).catch((error: Error) => {
    throw new Failure(`Grafana doesn't start. ${error.message} Its log is ${log}`);
  });
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { url, log, ended };
}

/** Grafana's configuration, as environment variables. Only this machine may connect. */
function settings(folder: string, plugins: string, port: number): Record<string, string> {
  return {
    GF_DEFAULT_APP_MODE: 'development',
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: String(port),
    ...onlyAt(port),
    GF_PATHS_DATA: path.join(folder, 'data'),
    GF_PATHS_LOGS: path.join(folder, 'logs'),
    GF_PATHS_PLUGINS: plugins,
    GF_PATHS_PROVISIONING: PROVISIONING,
    GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS: plugin.id,
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
  };
}
