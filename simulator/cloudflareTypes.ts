/** The shapes of Cloudflare's answers, from its own npm package, with what was seen but is not documented. */
import type { AccessRequest } from 'cloudflare/resources/zero-trust/access/logs/scim/scim';
import type { UpdateListResponse } from 'cloudflare/resources/zero-trust/access/logs/scim/updates';
import type { FailedLoginListResponse } from 'cloudflare/resources/zero-trust/access/users/failed-logins';

export type { Account } from 'cloudflare/resources/accounts/accounts';
export type { TokenVerifyResponse } from 'cloudflare/resources/user/tokens/tokens';
export type { UserListResponse as AccessUser } from 'cloudflare/resources/zero-trust/access/users/users';
export type { ServiceToken } from 'cloudflare/resources/zero-trust/access/service-tokens';
export type { Certificate } from 'cloudflare/resources/zero-trust/access/certificates/certificates';
export type { GroupListResponse as AccessGroup } from 'cloudflare/resources/zero-trust/access/groups';
export type { PolicyListResponse as AccessPolicy } from 'cloudflare/resources/zero-trust/access/policies';
export type { ApplicationListResponse as AccessApplication } from 'cloudflare/resources/zero-trust/access/applications/applications';
export type { IdentityProviderListResponse as IdentityProvider } from 'cloudflare/resources/zero-trust/identity-providers/identity-providers';

/** `user_id`, `app_name`, `app_type` and `country` are not in the published schema. */
export type AccessRequestRow = AccessRequest & {
  user_id?: string;
  app_name?: string;
  app_type?: string;
  country?: string;
};

/** Some rows were seen with `http_method` in place of `request_method`. */
export type ScimUpdateRow = UpdateListResponse & { http_method?: string };

export type FailedLoginRow = FailedLoginListResponse & {
  metadata: Record<string, string | boolean | undefined>;
};
