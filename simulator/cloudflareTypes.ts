/** The shapes of Cloudflare's answers, from its own npm package, with what was seen but is not documented. */
import type { AccessRequest } from 'cloudflare/resources/zero-trust/access/logs/scim/scim';
import type { UpdateListResponse } from 'cloudflare/resources/zero-trust/access/logs/scim/updates';
import type { FailedLoginListResponse } from 'cloudflare/resources/zero-trust/access/users/failed-logins';

export type { AuditListResponse as AuditRow } from 'cloudflare/resources/accounts/logs/audit';
export type { Account } from 'cloudflare/resources/accounts/accounts';
export type { TokenVerifyResponse } from 'cloudflare/resources/user/tokens/tokens';
export type { ActiveSessionListResponse as ActiveSessionRow } from 'cloudflare/resources/zero-trust/access/users/active-sessions';
export type { UserListResponse as AccessUser } from 'cloudflare/resources/zero-trust/access/users/users';
export type { Identity } from 'cloudflare/resources/zero-trust/access/users/last-seen-identity';
export type { GatewayItem, GatewayList } from 'cloudflare/resources/zero-trust/gateway/lists/lists';
export type { DevicePostureRule } from 'cloudflare/resources/zero-trust/devices/posture';
export type { ServiceToken } from 'cloudflare/resources/zero-trust/access/service-tokens';
export type { Certificate } from 'cloudflare/resources/zero-trust/access/certificates/certificates';
export type { GroupListResponse as AccessGroup } from 'cloudflare/resources/zero-trust/access/groups';
export type { PolicyListResponse as AccessPolicy } from 'cloudflare/resources/zero-trust/access/policies';
export type { ApplicationListResponse as AccessApplication } from 'cloudflare/resources/zero-trust/access/applications/applications';
export type { IdentityProviderListResponse as IdentityProvider } from 'cloudflare/resources/zero-trust/identity-providers/identity-providers';

/** What the published schema lacks, although rows carry it; the last four only where the application asks for them. */
export type AccessRequestRow = AccessRequest & {
  user_id?: string;
  app_name?: string;
  app_type?: string;
  country?: string;
  purpose_justification_prompt?: string;
  purpose_justification_response?: string;
  temporary_access_approvers?: string[];
  temporary_access_duration?: number;
};

/** Some rows were seen with `http_method` in place of `request_method`. */
export type ScimUpdateRow = UpdateListResponse & { http_method?: string };

export type FailedLoginRow = FailedLoginListResponse & {
  metadata: Record<string, string | boolean | undefined>;
};

/** The package does not have these endpoints yet; the published schema does. Every field is optional there. */
export interface JitRequestRow {
  knock_request_id: string;
  app_aud: string;
  app_hostname?: string;
  requester_email: string;
  approver_emails: string[];
  approvals_received: number;
  purpose_justification: string;
  status: 'PENDING' | 'APPROVED' | 'DENIED' | 'CANCELED' | 'SPENT';
  created_at: string;
  expires_at: string;
}

export interface JitRequestEvent {
  type: 'CREATED' | 'APPROVER_DECISION' | 'COMMITTED' | 'CANCELED' | 'LOGIN_SUCCESS' | 'REDIRECT_TO_ACTIVE';
  timestamp: string;
  actor_email?: string;
  actor_uuid?: string;
  decision_outcome?: string;
  session_duration_seconds?: number;
  success?: boolean;
}
