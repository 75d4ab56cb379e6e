/** Runs the preview: the built plugin in a browser without Grafana (see preview/README.md). */
import { DIST, PREVIEW_HOST, PREVIEW_PAGE, PROVISIONING } from './paths';
import { start } from './processes';
import { Failure } from './failure';

export interface Preview {
  url: string;
  /** Resolves when the preview ends by itself. */
  ended: Promise<void>;
}

/**
 * Starts the preview on 127.0.0.1, on `port` or the next free one; any free one for 0. `env` is what the data sources
 * in `provisioning` read. The executable's log goes to standard error, or to the open file `log`.
 */
export async function startPreview(
  port: number,
  env: object,
  provisioning = PROVISIONING,
  log: number | 'inherit' = 'inherit'
): Promise<Preview> {
  const args = ['-port', String(port), '-dist', DIST, '-page', PREVIEW_PAGE, '-provisioning', provisioning];
  const child = start(PREVIEW_HOST, args, { stdio: ['ignore', 'pipe', log], env: { ...process.env, ...env } });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /^Preview: (http:\S+)$/m.exec(text);
      if (found) {
        resolve(found[1].replace(/\/$/, ''));
      }
    });
    ended.then(() => reject(new Failure("The preview doesn't start. Its output above says why.")));
  });
  return { url, ended };
}
