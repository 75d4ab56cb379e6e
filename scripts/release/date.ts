/**
 * The last step of `npm run build`: webpack.config.ts, which create-plugin made and replaces, dates plugin.json with the
 * day of the build. This is the day of the source instead.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitWith, Failure } from '../lib/failure';
import { DIST } from '../lib/paths';
import { sourceDate } from './sourceDate';

const UPDATED = /("updated":\s*)"[^"]*"/;

try {
  const file = path.join(DIST, 'plugin.json');
  const text = readFileSync(file, 'utf8');
  if (!UPDATED.test(text)) {
    throw new Failure('dist/plugin.json has no date.');
  }
  writeFileSync(file, text.replace(UPDATED, `$1"${sourceDate().toISOString().slice(0, 10)}"`));
} catch (error) {
  exitWith(error);
}
