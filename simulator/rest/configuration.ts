import type { AccessGroup } from '../cloudflareTypes';
import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import type { GroupDocument, PolicyDocument } from '../organisation/documents';
import { applicationPolicies, applicationRow, policyRow, times } from './applicationRow';
import { contains, pageOf } from './paging';

function notFound(what: string): Error {
  return apiError(404, 11021, `access.api.error.${what}_not_found`);
}

function listApps(call: CallContext): Reply {
  const { query, world, nowUs } = call;
  const { organisation } = world;
  const exact = query.get('exact') === 'true';
  const search = query.get('search');
  const rows = organisation.applications.flatMap((app, i) =>
    contains(app.name, query.get('name'), exact) &&
    contains(app.domain, query.get('domain'), exact) &&
    contains(app.aud, query.get('aud'), true) &&
    (contains(app.name, search) || contains(app.domain, search))
      ? [applicationRow(organisation, i, nowUs)]
      : []
  );
  return pageOf(call, rows, 1000, 1000);
}

/** Index of the application of the path. */
function findApp({ world, params }: CallContext): number {
  const index = world.organisation.applications.findIndex(({ uid }) => uid === params.app_id);
  if (index < 0) {
    throw notFound('application');
  }
  return index;
}

function getApp(call: CallContext): Reply {
  return success(applicationRow(call.world.organisation, findApp(call), call.nowUs));
}

function listAppPolicies(call: CallContext): Reply {
  const { organisation } = call.world;
  const { configuration } = organisation.history.at(call.nowUs);
  return pageOf(call, applicationPolicies(organisation, configuration, findApp(call), call.nowUs), 200, 1000);
}

/** Policies of the account by their ID, each with the number of its applications. */
function reusablePolicies({ world, nowUs }: CallContext): Array<PolicyDocument & { app_count: number }> {
  const { configuration } = world.organisation.history.at(nowUs);
  const used = configuration.applications.flatMap(({ policies }) => policies.filter(({ reusable }) => reusable));
  return [...new Map(used.map((policy) => [policy.id, policy])).values()].map((policy) => ({
    ...policy,
    app_count: used.filter(({ id }) => id === policy.id).length,
  }));
}

function listPolicies(call: CallContext): Reply {
  const rows = reusablePolicies(call).map((policy) => policyRow(call.world.organisation, policy, call.nowUs));
  return pageOf(call, rows, 100, 1000);
}

function getPolicy(call: CallContext): Reply {
  const found = reusablePolicies(call).find(({ id }) => id === call.params.policy_id);
  if (!found) {
    throw notFound('policy');
  }
  return success(policyRow(call.world.organisation, found, call.nowUs));
}

function groupRow({ world, nowUs }: CallContext, { id, name, include, require, exclude }: GroupDocument): AccessGroup {
  const rules = { include: [...include], require: [...require], exclude: [...exclude] };
  return { id, name, ...rules, ...times(world.organisation, id, nowUs) };
}

function listGroups(call: CallContext): Reply {
  const { query, world, nowUs } = call;
  const rows = world.organisation.history
    .at(nowUs)
    .configuration.groups.filter(({ name }) => contains(name, query.get('name')) && contains(name, query.get('search')))
    .map((group) => groupRow(call, group));
  return pageOf(call, rows, 1000, 1000);
}

function getGroup(call: CallContext): Reply {
  const { configuration } = call.world.organisation.history.at(call.nowUs);
  const found = configuration.groups.find(({ id }) => id === call.params.group_id);
  if (!found) {
    throw notFound('group');
  }
  return success(groupRow(call, found));
}

const base = '/accounts/{account_id}/access';
const apps = { method: 'GET', permission: 'Access: Apps and Policies Read' } as const;
const groups = { method: 'GET', permission: 'Access: Organizations, Identity Providers, and Groups Read' } as const;

/** What decides about logins, as it stands now. */
export const configurationEndpoints: readonly Endpoint[] = [
  { ...apps, path: `${base}/apps`, surface: 'apps', handle: listApps },
  { ...apps, path: `${base}/apps/{app_id}`, surface: 'app', handle: getApp },
  { ...apps, path: `${base}/apps/{app_id}/policies`, surface: 'app_policies', handle: listAppPolicies },
  { ...apps, path: `${base}/policies`, surface: 'policies', handle: listPolicies },
  { ...apps, path: `${base}/policies/{policy_id}`, surface: 'policy', handle: getPolicy },
  { ...groups, path: `${base}/groups`, surface: 'groups', handle: listGroups },
  { ...groups, path: `${base}/groups/{group_id}`, surface: 'group', handle: getGroup },
];
