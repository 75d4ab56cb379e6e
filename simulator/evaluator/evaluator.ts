import type { Configuration, PolicyDocument, Rules } from '../organisation/documents';
import type { Attempt } from './attempt';
import { compileRule, type References, type Test } from './rules';

export type Verdict =
  | 'allowed_by_policy'
  | 'bypassed'
  | 'blocked_by_policy'
  | 'approval_needed'
  | 'login_method_not_allowed'
  | 'service_auth_failed'
  | 'no_policy_matched';

export interface Decision {
  readonly verdict: Verdict;
  readonly allowed: boolean;
  /** The policy that decided, absent where none did. */
  readonly policy?: PolicyDocument;
}

function decision(verdict: Verdict, policy?: PolicyDocument): Decision {
  return { verdict, allowed: verdict === 'allowed_by_policy' || verdict === 'bypassed', policy };
}

const LOGIN_METHOD_NOT_ALLOWED = decision('login_method_not_allowed');
const SERVICE_AUTH_FAILED = decision('service_auth_failed');
const NO_POLICY_MATCHED = decision('no_policy_matched');

/** One include, all requires, no exclude. */
export function compileRules(rules: Rules, references: References): Test {
  const tests = (of: Rules['include']) => of.map((rule) => compileRule(rule, references));
  const [include, require, exclude] = [tests(rules.include), tests(rules.require), tests(rules.exclude)];
  return (attempt) =>
    include.some((test) => test(attempt)) &&
    require.every((test) => test(attempt)) &&
    !exclude.some((test) => test(attempt));
}

/**
 * Tests of groups by their ID, made when they are first asked for. A group that contains itself matches nobody by
 * that way, and one that does not exist matches nobody.
 */
export function references(configuration: Configuration): References {
  const made = new Map<string, Test>();
  const found: References = {
    configuration,
    group: (id) => {
      const known = made.get(id);
      if (known) {
        return known;
      }
      const document = configuration.groups.find((group) => group.id === id);
      let busy = false;
      let test: Test | undefined;
      const guarded: Test = (attempt) => {
        if (busy || !document) {
          return false;
        }
        busy = true;
        test ??= compileRules(document, found);
        const holds = test(attempt);
        busy = false;
        return holds;
      };
      made.set(id, guarded);
      return guarded;
    },
  };
  return found;
}

/**
 * Policies in the order in which Access asks them: Bypass and Service Auth together, then Allow and Block together,
 * each by precedence.
 */
export function inOrder<P extends Pick<PolicyDocument, 'decision'>>(policies: readonly P[]): P[] {
  const isFirst = ({ decision }: P) => decision === 'bypass' || decision === 'non_identity';
  return [...policies.filter(isFirst), ...policies.filter((policy) => !isFirst(policy))];
}

interface Step {
  readonly matches: Test;
  readonly outcome: Decision;
  /** Where the policy wants an approval and there is none. */
  readonly waiting?: Decision;
}

function step(policy: PolicyDocument, refer: References): Step {
  const matches = compileRules(policy, refer);
  switch (policy.decision) {
    case 'bypass':
      return { matches, outcome: decision('bypassed', policy) };
    case 'deny':
      return { matches, outcome: decision('blocked_by_policy', policy) };
    default:
      return {
        matches,
        outcome: decision('allowed_by_policy', policy),
        ...(policy.approval_required ? { waiting: decision('approval_needed', policy) } : {}),
      };
  }
}

function first(steps: readonly Step[], attempt: Attempt): Decision | undefined {
  const found = steps.find(({ matches }) => matches(attempt));
  return found?.waiting && !attempt.approved ? found.waiting : found?.outcome;
}

/** Decides by one configuration. Everything that can be found out beforehand is. */
export class Evaluator {
  private readonly applications: ReadonlyArray<(attempt: Attempt) => Decision>;

  constructor(configuration: Configuration) {
    const refer = references(configuration);
    this.applications = configuration.applications.map(({ allowedIdps, policies }) => {
      const ordered = inOrder(policies);
      const isService = ({ decision: its }: PolicyDocument) => its === 'bypass' || its === 'non_identity';
      const service = ordered.filter(isService).map((policy) => step(policy, refer));
      const identity = ordered.filter((policy) => !isService(policy)).map((policy) => step(policy, refer));
      const hasServiceAuth = policies.some(({ decision: its }) => its === 'non_identity');
      const taken = new Set(allowedIdps);
      return (attempt) => {
        const early = first(service, attempt);
        if (early) {
          return early;
        }
        if (!attempt.user) {
          // Where there are Service Auth policies, whoever comes without an identity has failed at them by now.
          if (hasServiceAuth) {
            return SERVICE_AUTH_FAILED;
          }
          // A Block policy asks no identity where its rules ask none; an Allow policy lets nobody in without one.
          const late = first(identity, attempt);
          return late?.verdict === 'blocked_by_policy' ? late : NO_POLICY_MATCHED;
        }
        if (taken.size > 0 && !taken.has(attempt.user.provider)) {
          return LOGIN_METHOD_NOT_ALLOWED;
        }
        return first(identity, attempt) ?? NO_POLICY_MATCHED;
      };
    });
  }

  /** `application` is its index in the configuration. */
  decide(application: number, attempt: Attempt): Decision {
    return this.applications[application](attempt);
  }
}
