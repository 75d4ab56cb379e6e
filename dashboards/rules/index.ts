import { ACCOUNT, BLINDNESS } from './account';
import { GUESSING } from './guessing';
import { EXPIRING, MACHINES } from './machines';
import { PLACES } from './places';
import type { Attack, Rule } from './rule';
import { TRENDS } from './trends';

/** Rules that Grafana evaluates together. */
export interface RuleGroup {
  name: string;
  /** A Go duration. */
  interval: string;
  rules: Rule[];
}

/** The folder of the rules in Grafana. */
export const FOLDER = 'Cloudflare Access';

/** How often a rule is evaluated follows from how long its window is, and from what an answer costs. */
export const GROUPS: RuleGroup[] = [
  { name: 'Cloudflare Access attacks', interval: '1m', rules: [...GUESSING, ...BLINDNESS] },
  { name: 'Cloudflare Access history', interval: '5m', rules: [...PLACES, ...MACHINES, ...TRENDS, ...ACCOUNT] },
  { name: 'Cloudflare Access expiry', interval: '1h', rules: EXPIRING },
];

export const RULES: Rule[] = GROUPS.flatMap(({ rules }) => rules);

export function rulesOf(attack: Attack): Rule[] {
  return RULES.filter((rule) => rule.attack === attack);
}
