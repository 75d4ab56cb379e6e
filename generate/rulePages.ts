import { GROUPS, RULES, rulesOf } from '../dashboards/rules/index';
import { MAY_ALSO_FIRE } from '../dashboards/rules/overlaps';
import { ATTACKS, type Attack, type Rule } from '../dashboards/rules/rule';
import { code, table } from './reference';

/** The part of a page between two marks, which is made. Throws if the page has lost a mark. */
function withPart(page: string, name: string, part: string): string {
  const begin = `<!-- ${name}: made by npm run generate -->`;
  const end = `<!-- /${name} -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error(`The page needs "${begin}" and, after it, "${end}".`);
  }
  return `${page.slice(0, from)}${begin}\n\n${part}\n\n${page.slice(to)}`;
}

/** The page on alerting, with what each rule finds and which others fire with it. */
export function withRules(page: string): string {
  const rules = RULES.map((rule) => [
    runbookLink(rule),
    rule.thresholds.map(({ what }) => what).join('; '),
    rule.severity,
    code(rule.attack),
  ]);
  const overlaps = ATTACKS.filter((attack) => MAY_ALSO_FIRE[attack].length > 0).map((attack) => [
    titlesOf(attack),
    MAY_ALSO_FIRE[attack].map(titlesOf).join(', '),
  ]);
  const tables = withPart(page, 'rules', table(['Rule', 'Finds', 'Severity', code('attack')], rules));
  return withPart(tables, 'overlaps', table(['If this happens', 'This can fire, too'], overlaps));
}

/** A runbook, with how its rules are evaluated and where their numbers come from. */
export function withFacts(page: string, attack: Attack): string {
  const rules = rulesOf(attack);
  const rows = rules.map((rule) => [
    rule.title,
    rule.severity,
    technique(rule.mitre),
    [...new Set(rule.queries.map(({ from }) => lasting(from)))].join(', '),
    intervalOf(rule),
  ]);
  const facts = table(['Rule', 'Severity', 'MITRE ATT&CK', 'Looks back', 'Evaluated every'], rows);
  const sources = new Map(
    rules.flatMap(({ thresholds }) => thresholds.map(({ what, source }) => [what, source] as const))
  );
  const numbers = table(
    ['Number', 'Where it comes from'],
    [...sources].map(([what, source]) => [what, `${source}.`])
  );
  return withPart(page, 'facts', `${facts}\n\n${numbers}`);
}

function runbookLink({ title, attack }: Rule): string {
  return `[${title}](./runbooks/${attack}.md)`;
}

function titlesOf(attack: Attack): string {
  return rulesOf(attack)
    .map(({ title }) => title)
    .join(', ');
}

function intervalOf(rule: Rule): string {
  const { interval = '' } = GROUPS.find(({ rules }) => rules.includes(rule)) ?? {};
  return interval.replace('m', ' min').replace('h', ' h');
}

function technique(id: string): string {
  return id === 'none' ? 'none' : `[${id}](https://attack.mitre.org/techniques/${id.replace('.', '/')}/)`;
}

/** A window in words. */
function lasting(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`;
}
