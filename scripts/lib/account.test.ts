import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { realAccount } from './account';

const ID = '0123456789abcdef0123456789abcdef';
const before = { ...process.env };

afterEach(() => {
  process.env = { ...before };
});

test('a real account is asked with the token of the environment', () => {
  process.env.CLOUDFLARE_API_TOKEN = 'a-token';
  delete process.env.CLOUDFLARE_API_URL;
  assert.deepEqual(realAccount(ID), {
    CLOUDFLARE_API_URL: 'https://api.cloudflare.com/client/v4',
    CLOUDFLARE_ACCOUNT_ID: ID,
    CLOUDFLARE_API_TOKEN: 'a-token',
  });
});

test('without a token it says which variable is missing', () => {
  delete process.env.CLOUDFLARE_API_TOKEN;
  assert.throws(() => realAccount(ID), /set CLOUDFLARE_API_TOKEN/);
});

test('a wrong id is refused with what is right', () => {
  process.env.CLOUDFLARE_API_TOKEN = 'a-token';
  for (const id of ['', 'abc', `${ID}0`, ID.toUpperCase(), '../accounts']) {
    assert.throws(() => realAccount(id), /32 hexadecimal digits/);
  }
});
