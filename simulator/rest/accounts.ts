import type { Account, TokenVerifyResponse } from '../cloudflareTypes';
import { ACCOUNT_ID, ACCOUNT_NAME, EMPTY_ACCOUNT_ID, EMPTY_ACCOUNT_NAME } from '../constants';
import type { CallContext, Endpoint } from '../http/context';
import { apiError, success, type Reply } from '../http/envelope';
import { pageOf } from './paging';

const ACCOUNTS: readonly Account[] = [
  account(ACCOUNT_ID, ACCOUNT_NAME, 'enterprise'),
  account(EMPTY_ACCOUNT_ID, EMPTY_ACCOUNT_NAME, 'standard'),
];

function account(id: string, name: string, type: Account['type']): Account {
  return {
    id,
    name,
    type,
    settings: { enforce_twofactor: true },
    created_on: '2022-03-01T09:00:00.000000Z',
  };
}

function listAccounts(call: CallContext): Reply {
  const name = call.query.get('name')?.toLowerCase() ?? '';
  // Without the permission the list is empty, not refused.
  const visible = call.credential.permissions.includes('Account Settings Read') ? call.credential.accounts : [];
  const rows = ACCOUNTS.filter(({ id, name: its }) => visible.includes(id) && its.toLowerCase().includes(name));
  return pageOf(call, rows, 20, 50);
}

function getAccount(call: CallContext): Reply {
  const found = ACCOUNTS.find(({ id }) => id === call.params.account_id);
  if (!found) {
    throw apiError(403, 9109, 'Unauthorized to access requested resource');
  }
  return success(found);
}

/** Tells whether the token is active, nothing about its permissions. The message has the code of an error. */
function verify(owner: 'user' | 'account'): (call: CallContext) => Reply {
  return ({ credential }) => {
    if (credential.token === undefined || credential.owner !== owner) {
      throw apiError(401, 1000, 'Invalid API Token');
    }
    const result: TokenVerifyResponse = { id: credential.id, status: credential.status };
    const messages =
      credential.status === 'active' ? [{ code: 10000, message: 'This API Token is valid and active' }] : [];
    return success(result, undefined, messages);
  };
}

export const accountEndpoints: readonly Endpoint[] = [
  { method: 'GET', path: '/user/tokens/verify', surface: 'verify', handle: verify('user') },
  { method: 'GET', path: '/accounts/{account_id}/tokens/verify', surface: 'verify', handle: verify('account') },
  { method: 'GET', path: '/accounts', surface: 'accounts', handle: listAccounts },
  {
    method: 'GET',
    path: '/accounts/{account_id}',
    surface: 'account',
    permission: 'Account Settings Read',
    handle: getAccount,
  },
];
