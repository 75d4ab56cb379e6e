import { COMMAND_OPTIONS, readCommand } from './command';
import { ACCOUNT_ID, GLOBAL_KEY_EMAIL } from './constants';
import { credentialNamed } from './http/credentials';
import { startSimulator } from './index';

async function main(): Promise<void> {
  const { help, ...options } = readCommand(process.argv.slice(2));
  if (help) {
    console.log(COMMAND_OPTIONS.map(([name, about]) => `--${name.padEnd(14)} ${about}`).join('\n'));
    return;
  }
  const simulator = await startSimulator(options);
  console.log(`Simulated Cloudflare account: ${simulator.apiUrl}`);
  console.log(`Account ${ACCOUNT_ID}, token ${credentialNamed('full-access').token}`);
  console.log(
    `For more tokens, a global key for ${GLOBAL_KEY_EMAIL}, faults, and settings, refer to simulator/README.md.`
  );
  const stop = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

// main.mjs is the bundle of npm run build:simulator.
if (/\bmain\.(ts|mjs)$/.test(process.argv[1] ?? '')) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}
