import { RowBuilder, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { accountDashboard, numbered } from './account';
import { blockedBy, identityProviders, latestBlockedLogins, loginsByOutcome } from './logins';
import { loginsByServiceToken, mtlsStatus, scimFailures, scimUpdates } from './otherSurfaces';
import { blocked, blockedShare, logins, users } from './stats';

/** The overview of one account. The uid distinguishes the provisioned copy from the one that the plugin bundles. */
export function overview(uid: string): Dashboard {
  const builder = accountDashboard(
    'Cloudflare Access',
    uid,
    'Who signed in through Cloudflare Access, who was blocked, and where.',
    '1m'
  );

  [logins(), blocked(), blockedShare(), users()].forEach((panel) => builder.withPanel(panel));
  builder.withPanel(loginsByOutcome()).withPanel(identityProviders());
  builder
    .withPanel(blockedBy('Blocked by application', 'app_name', 8))
    .withPanel(blockedBy('Blocked by country', 'country', 6))
    .withPanel(blockedBy('Blocked by user', 'user_email', 10))
    .withPanel(latestBlockedLogins());
  builder
    .withRow(new RowBuilder('Logins without an identity'))
    .withPanel(loginsByServiceToken())
    .withPanel(mtlsStatus());
  builder.withRow(new RowBuilder('SCIM')).withPanel(scimUpdates()).withPanel(scimFailures());
  return numbered(builder.build());
}
