/**
 * Writes every file that is made from the catalogue and from dashboards/.
 * With --check it writes nothing and exits 1 where a file is not what it would write.
 */
import { staleOutputs, write } from './files';

async function main(options: string[]): Promise<number> {
  const unknown = options.filter((option) => option !== '--check');
  if (unknown.length > 0) {
    console.error(`Unknown option ${unknown.join(' ')}. The only one is --check.`);
    return 2;
  }
  const check = options.includes('--check');
  const stale = await staleOutputs();
  for (const output of stale) {
    if (!check) {
      write(output);
    }
    console.log(`${check ? 'stale' : 'wrote'} ${output.path}`);
  }
  if (stale.length === 0) {
    console.log('All generated files are fresh.');
  } else if (check) {
    console.error('Run "npm run generate" and commit what it writes.');
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
