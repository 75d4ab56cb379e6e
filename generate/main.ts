/**
 * Writes every file that is made from the catalogue and from dashboards/.
 * With --check, it writes nothing and exits with status 1 if a file isn't what it would write.
 */
import { staleOutputs, write } from './files';

async function main(options: string[]): Promise<number> {
  const unknown = options.filter((option) => option !== '--check');
  if (unknown.length > 0) {
    console.error(`Unknown option ${unknown.join(' ')}. The only option is --check.`);
    return 2;
  }
  const check = options.includes('--check');
  let stale = 0;
  for await (const output of staleOutputs()) {
    if (!check) {
      write(output);
    }
    stale++;
    console.log(`${check ? 'Out of date:' : 'Wrote'} ${output.path}`);
  }
  if (stale === 0) {
    console.log('All generated files are up to date.');
  } else if (check) {
    console.error('Run "npm run generate" and commit the files that it writes.');
    return 1;
  }
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  }
);
