/**
 * `npm start` opens the plugin with live rows. It uses the best place that it finds: Grafana in Docker, a Grafana on this
 * machine (GRAFANA_HOME), or the preview. The Cloudflare account is a simulated one, or a real one with --account.
 */
import { parseArgs } from 'node:util';
import { ACCOUNT_ID, credentialNamed, startSimulator } from '../simulator';
import { accessTo } from './lib/access';
import { realAccount, type AccountEnv } from './lib/account';
import { buildForDocker, buildPlugin, buildPreview } from './lib/builds';
import { exitWith, Failure } from './lib/failure';
import { startLocalGrafana } from './lib/localGrafana';
import { freePort } from './lib/ports';
import { startPreview } from './lib/preview';
import { exitStatus, isInterrupted, start, stopAll, stopOnInterrupt } from './lib/processes';
import { hasDockerEngine, requireGo } from './lib/tools';
import { untilAnswers } from './lib/waiting';

const USAGE = `npm start -- [--account <id>] [--port <number>] [--preview]

  --account <id>   use this Cloudflare account, with the token in CLOUDFLARE_API_TOKEN
  --port <number>  first port to try (default: 3000)
  --preview        use the preview even if Docker or GRAFANA_HOME is available`;

const FIRST_PORT = 3000;
const SIMULATOR_PORT = 8787;
const DOCKER_START_SECONDS = 180;

interface Options {
  account?: string;
  port: number;
  preview: boolean;
}

/** Something that shows the plugin, up and running. */
interface Place {
  name: string;
  url: string;
  /** How to sign in, if the place asks for it. */
  signIn?: string;
  ended: Promise<void>;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(3));
  const real = options.account === undefined ? undefined : realAccount(options.account);
  stopOnInterrupt();
  await requireGo();
  const place = await open(options, real);
  console.log(`
  ${place.name}: ${place.url}${place.signIn ? `\n  To use it, ${place.signIn}` : ''}
  Cloudflare account: ${real ? options.account : 'simulated (300 people, 20 applications, 180 days)'}
  Press Ctrl-C to stop.
`);
  await place.ended;
  throw new Failure(`${place.name} stopped unexpectedly.`);
}

function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        account: { type: 'string' },
        port: { type: 'string', default: String(FIRST_PORT) },
        preview: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new Failure('--port needs a number from 1 to 65535.');
    }
    return { account: values.account, port, preview: values.preview ?? false };
  } catch (error) {
    throw new Failure(`${(error as Error).message}\n\n${USAGE}`);
  }
}

async function open(options: Options, real: AccountEnv | undefined): Promise<Place> {
  if (options.preview) {
    return openPreview(options.port, real);
  }
  if (await hasDockerEngine()) {
    return openDocker(options.port, real);
  }
  const home = process.env.GRAFANA_HOME;
  return home ? openLocalGrafana(home, options.port, real) : openPreview(options.port, real);
}

async function openPreview(port: number, real: AccountEnv | undefined): Promise<Place> {
  await buildPreview();
  const { url, ended } = await startPreview(port, real ?? (await simulatedAccount()));
  return { name: 'Preview', url, ended };
}

async function openLocalGrafana(home: string, port: number, real: AccountEnv | undefined): Promise<Place> {
  await buildPlugin();
  const env = real ?? (await simulatedAccount());
  const access = accessTo(real ? 'real' : 'simulated');
  const { url, log, ended } = await startLocalGrafana(home, await freePort(port), env, access);
  return { name: `Grafana (log: ${log})`, url, signIn: access.signIn, ended };
}

/** Grafana and the simulated account each in a container, as docker-compose.yaml says. */
async function openDocker(firstPort: number, real: AccountEnv | undefined): Promise<Place> {
  await buildForDocker();
  const port = await freePort(firstPort);
  const services = real ? ['grafana'] : ['grafana', 'simulator'];
  const access = accessTo(real ? 'real' : 'simulated');
  const env: NodeJS.ProcessEnv = { ...process.env, GRAFANA_PORT: String(port), ...access.settings };
  for (const name of ['CLOUDFLARE_API_URL', 'CLOUDFLARE_ACCOUNT_ID', 'CLOUDFLARE_API_TOKEN'] as const) {
    // Without a value, docker-compose.yaml uses the simulated account, which a real token must not reach.
    env[name] = real?.[name] ?? '';
  }
  const child = start('docker', ['compose', 'up', '--build', '--quiet-pull', ...services], { env });
  let alive = true;
  const ended = exitStatus(child).then(() => {
    alive = false;
  });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(`${url}/api/health`, DOCKER_START_SECONDS, () => alive);
  return { name: 'Grafana in Docker', url, signIn: access.signIn, ended };
}

async function simulatedAccount(): Promise<AccountEnv> {
  const simulator = await startSimulator({ port: await freePort(SIMULATOR_PORT) });
  return {
    CLOUDFLARE_API_URL: simulator.apiUrl,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
    CLOUDFLARE_API_TOKEN: credentialNamed('full-access').token ?? '',
  };
}

main().catch(async (error: unknown) => {
  if (!isInterrupted()) {
    await stopAll();
    exitWith(error);
  }
});
