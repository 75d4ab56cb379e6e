import { ruleType, type AccessRule, type Configuration, type Rules, type RuleType } from '../organisation/documents';
import type { Attempt } from './attempt';
import { compileRules, inOrder, references } from './evaluator';
import { compileRule } from './rules';

export interface RuleReason {
  readonly section: keyof Rules;
  readonly type: RuleType;
  readonly rule: AccessRule;
  readonly met: boolean;
}

export interface PolicyReason {
  readonly id: string;
  readonly name: string;
  readonly decision: string;
  readonly matched: boolean;
  readonly rules: readonly RuleReason[];
}

const SECTIONS = ['include', 'require', 'exclude'] as const;

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
    rules: SECTIONS.flatMap((section) =>
      policy[section].map((rule) => ({
        section,
        type: ruleType(rule),
        rule,
        met: compileRule(rule, refer)(attempt),
      }))
    ),
  }));
}
