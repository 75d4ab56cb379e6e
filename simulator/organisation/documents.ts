/** What an administrator writes, in the JSON of Cloudflare's API, without what the API adds to it. */
import type { AccessRule } from 'cloudflare/resources/zero-trust/access/applications/policies';

export type { AccessRule };

/** The single key of a rule. */
export type RuleType = AccessRule extends infer R ? (R extends unknown ? keyof R & string : never) : never;

export interface Rules {
  /** One of these must hold, */
  readonly include: readonly AccessRule[];
  /** all of these, */
  readonly require: readonly AccessRule[];
  /** and none of these. */
  readonly exclude: readonly AccessRule[];
}

export interface ApprovalGroup {
  readonly approvals_needed: number;
  readonly email_addresses?: readonly string[];
  readonly email_list_uuid?: string;
}

export interface PolicyDocument extends Rules {
  readonly id: string;
  readonly name: string;
  readonly decision: 'allow' | 'deny' | 'non_identity' | 'bypass';
  /** Whether it belongs to the account and not to one application. */
  readonly reusable: boolean;
  readonly session_duration: string;
  readonly purpose_justification_required?: boolean;
  readonly purpose_justification_prompt?: string;
  readonly approval_required?: boolean;
  readonly approval_groups?: readonly ApprovalGroup[];
}

export interface GroupDocument extends Rules {
  readonly id: string;
  readonly name: string;
}

/** How an application decides. */
export interface AccessDocument {
  readonly uid: string;
  /** Empty: every identity provider. */
  readonly allowedIdps: readonly string[];
  /** By precedence: the first has 1. */
  readonly policies: readonly PolicyDocument[];
}

export interface ListDocument {
  readonly id: string;
  readonly name: string;
  readonly type: 'EMAIL' | 'IP';
  readonly items: readonly string[];
}

/** Everything that decides about logins, as it stands at one time. */
export interface Configuration {
  /** In the order of the organisation's applications. */
  readonly applications: readonly AccessDocument[];
  readonly groups: readonly GroupDocument[];
  readonly lists: readonly ListDocument[];
}

export function ruleType(rule: AccessRule): RuleType {
  return Object.keys(rule)[0] as RuleType;
}
