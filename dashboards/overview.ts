import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type Dashboard,
  type DashboardLink,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { configurationChanged } from './annotations';
import { blockedBy, identityProviders, latestBlockedLogins, loginsByOutcome } from './logins';
import { loginsByServiceToken, mtlsStatus, scimFailures, scimUpdates } from './otherSurfaces';
import { blocked, blockedShare, logins, users } from './stats';
import { dataSourceVariable, fieldVariable } from './variables';

/** What the dashboards on one account have in common, and nothing else has. */
export const TAGS = ['cloudflare', 'access', 'security'];

/** Links to the others of these dashboards, whatever their uids are, for the same data source and time range. */
export function siblings(): Builder<DashboardLink> {
  const link = new DashboardLinkBuilder('Cloudflare Access')
    .type(DashboardLinkType.Dashboards)
    .tags(TAGS)
    .icon('external link')
    .keepTime(true)
    .includeVars(true)
    .build();
  // The SDK hides the links in a menu by default.
  return { build: () => ({ ...link, placement: undefined }) };
}

/** The overview of one account. The uid distinguishes the provisioned copy from the one that the plugin bundles. */
export function overview(uid: string): Dashboard {
  const builder = new DashboardBuilder('Cloudflare Access')
    .uid(uid)
    .description('Who signed in through Cloudflare Access, who was blocked, and where.')
    .tags(TAGS)
    .link(siblings())
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone('browser')
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .annotation(configurationChanged())
    .withVariable(dataSourceVariable())
    .withVariable(fieldVariable('application', 'Application', 'app_name'))
    .withVariable(fieldVariable('country', 'Country', 'country'));

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

/** Grafana distinguishes panels by their ids, which the SDK leaves out. */
export function numbered(dashboard: Dashboard): Dashboard {
  return { ...dashboard, panels: dashboard.panels?.map((panel, index) => ({ ...panel, id: index + 1 })) };
}
