import { ruleType, type AccessRule, type Configuration, type Rules, type RuleType } from '../organisation/documents';
import type { Attempt } from './attempt';
import { compileRules, inOrder, references } from './evaluator';
import { compileRule, type References } from './rules';

export interface RuleReason {
  readonly section: keyof Rules;
  readonly type: RuleType;
  readonly rule: AccessRule;
  readonly met: boolean;
  /** What the rules of a group say, where the rule is one. */
  readonly inside?: readonly RuleReason[];
}

export interface PolicyReason {
  readonly id: string;
  readonly name: string;
  readonly decision: string;
  readonly matched: boolean;
  readonly rules: readonly RuleReason[];
}

const SECTIONS = ['include', 'require', 'exclude'] as const;

/** `above` are the groups that lead here, so that one that contains itself ends. */
function ruleReasons(rules: Rules, refer: References, attempt: Attempt, above: readonly string[] = []): RuleReason[] {
  return SECTIONS.flatMap((section) =>
    rules[section].map((rule): RuleReason => {
      const reason = { section, type: ruleType(rule), rule, met: compileRule(rule, refer)(attempt) };
      const group = 'group' in rule ? refer.configuration.groups.find(({ id }) => id === rule.group.id) : undefined;
      return group && !above.includes(group.id)
        ? { ...reason, inside: ruleReasons(group, refer, attempt, [...above, group.id]) }
        : reason;
    })
  );
}

/**
 * What every rule of an application says to an attempt, in the order in which Access asks: also the policies after
 * the one that decided.
 */
export function reasons(configuration: Configuration, application: number, attempt: Attempt): PolicyReason[] {
  const refer = references(configuration);
  return inOrder(configuration.applications[application].policies).map((policy) => ({
    id: policy.id,
    name: policy.name,
    decision: policy.decision,
    matched: compileRules(policy, refer)(attempt),
    rules: ruleReasons(policy, refer, attempt),
  }));
}
