/** `npm run security`: what is known against the source and its dependencies. */
import { exitWith } from '../lib/failure';
import { AUDITS } from './audits';
import { runChecks } from './outcome';

runChecks(AUDITS).catch(exitWith);
