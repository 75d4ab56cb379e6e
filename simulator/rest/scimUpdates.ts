import type { ScimUpdate } from '../events/scimUpdates';
import type { CallContext, Endpoint } from '../http/context';
import { invalidRequest, success, type Reply } from '../http/envelope';
import { oneOf, time } from '../http/query';
import { copies, windowQuery } from '../world';
import { logPage, logResultInfo } from './paging';
import { dress, scimUpdateRow } from './rows';

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  status: ['FAILURE', 'SUCCESS'],
  resource_type: ['USER', 'GROUP'],
  request_method: ['DELETE', 'PATCH', 'POST', 'PUT'],
};

/** Repeatable parameters and the row's value that each is compared with. */
const FILTERS: Readonly<Record<string, (row: ReturnType<typeof scimUpdateRow>) => string | undefined>> = {
  idp_id: (row) => row.idp_id,
  // Rows may say ERROR where the parameter knows FAILURE only.
  status: (row) => (row.status === 'ERROR' ? 'FAILURE' : row.status),
  resource_type: (row) => row.resource_type,
  request_method: (row) => row.request_method ?? row.http_method,
  resource_user_email: (row) => row.resource_user_email,
  resource_group_name: (row) => row.resource_group_name,
  cf_resource_id: (row) => row.cf_resource_id,
  idp_resource_id: (row) => row.idp_resource_id,
};

function listScimUpdates(call: CallContext): Reply {
  const { personality, world, query, nowUs } = call;
  const descending = oneOf(query, 'direction', ['desc', 'asc']) !== 'asc';
  const asked = Object.keys(FILTERS).flatMap((name) => {
    const values = query.getAll(name).filter(Boolean);
    return values.length > 0 ? [[name, values] as const] : [];
  });
  for (const [name, values] of asked) {
    const wrong = ENUMS[name] && values.find((value) => !ENUMS[name].includes(value));
    if (wrong !== undefined) {
      throw invalidRequest(`${name} must be one of ${ENUMS[name].join(', ')}`);
    }
  }
  if (personality.idpIdRequired && !query.has('idp_id')) {
    throw invalidRequest('idp_id is required');
  }
  const applied = asked.filter(([name]) => !personality.ignoredFilters.includes(name));
  const empty = applied.some(([name]) => personality.emptyFilters.includes(name));
  const window = windowQuery<ScimUpdate>(
    personality,
    nowUs,
    { sinceUs: time(query, 'since'), untilUs: time(query, 'until') },
    personality.retentionDays
  );
  window.weight = (update) => {
    const row = scimUpdateRow(world.organisation, personality, update);
    return applied.every(([name, values]) => values.includes(FILTERS[name](row) ?? ''))
      ? copies(update, personality)
      : 0;
  };
  window.weightKey = JSON.stringify([applied, personality.duplicateShare, personality.scimFailureWord]);
  const page = logPage(call, 20);
  const updates = empty ? [] : world.scim.page(window, { descending, skip: page.skip, take: page.take });
  const rows = updates.map((update) => dress(scimUpdateRow(world.organisation, personality, update), personality));
  return success(
    rows,
    logResultInfo(call, page, rows.length, () => (empty ? 0 : world.scim.count(window)))
  );
}

export const scimUpdateEndpoints: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/accounts/{account_id}/access/logs/scim/updates',
    surface: 'scim_updates',
    permission: 'Access: SCIM Logs Read',
    handle: listScimUpdates,
  },
];
