import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Dashboard,
  type DashboardLink,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { configurationChanged } from './annotations';
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

/** The start of a dashboard on what happens in one account: the same time range, variables, annotations and links. */
export function accountDashboard(title: string, uid: string, description: string, refresh: string): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(TAGS)
    .link(siblings())
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone('browser')
    .time({ from: 'now-24h', to: 'now' })
    .refresh(refresh)
    .annotation(configurationChanged())
    .withVariable(dataSourceVariable())
    .withVariable(fieldVariable('application', 'Application', 'app_name'))
    .withVariable(fieldVariable('country', 'Country', 'country'));
}

/** Grafana distinguishes panels by their ids, which the SDK leaves out. */
export function numbered(dashboard: Dashboard): Dashboard {
  return { ...dashboard, panels: dashboard.panels?.map((panel, index) => ({ ...panel, id: index + 1 })) };
}
