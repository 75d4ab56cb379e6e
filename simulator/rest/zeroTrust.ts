import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import type { DevicePostureRule, GatewayItem, GatewayList } from '../cloudflareTypes';
import type { ListDocument } from '../organisation/documents';
import { pageOf } from './paging';

const CREATED = '2025-02-03T10:00:00Z';

function lists({ world, nowUs }: CallContext): readonly ListDocument[] {
  return world.organisation.history.at(nowUs).configuration.lists;
}

/** The list of lists tells how long they are, not what is on them. */
function listRow({ id, name, type, items }: ListDocument): GatewayList {
  return { id, name, type, count: items.length, created_at: CREATED, updated_at: CREATED };
}

function listLists(call: CallContext): Reply {
  const type = call.query.get('type');
  return success(
    lists(call)
      .filter((list) => !type || list.type === type)
      .map(listRow)
  );
}

function findList(call: CallContext): ListDocument {
  const found = lists(call).find(({ id }) => id === call.params.list_id);
  if (!found) {
    throw apiError(404, 2009, 'list not found');
  }
  return found;
}

function getList(call: CallContext): Reply {
  return success(listRow(findList(call)));
}

function listItems(call: CallContext): Reply {
  const items = findList(call).items.map((value): GatewayItem => ({ value, created_at: CREATED }));
  return pageOf(call, items, 50, 1000);
}

function listPostureRules({ world }: CallContext): Reply {
  return success(
    world.organisation.postureRules.map(({ id, name, type, description }): DevicePostureRule => ({
      id,
      name,
      type,
      description,
      enabled: true,
      schedule: '5m',
      match: [{ platform: 'windows' }, { platform: 'mac' }],
    }))
  );
}

const account = '/accounts/{account_id}';
const reading = { method: 'GET', permission: 'Zero Trust Read' } as const;

/** What Access shares with the rest of Zero Trust. */
export const zeroTrustEndpoints: readonly Endpoint[] = [
  { ...reading, path: `${account}/gateway/lists`, surface: 'lists', handle: listLists },
  { ...reading, path: `${account}/gateway/lists/{list_id}`, surface: 'list', handle: getList },
  { ...reading, path: `${account}/gateway/lists/{list_id}/items`, surface: 'list_items', handle: listItems },
  { ...reading, path: `${account}/devices/posture`, surface: 'posture_rules', handle: listPostureRules },
];
