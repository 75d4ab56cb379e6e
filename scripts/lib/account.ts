/** The Cloudflare account that the provisioned data source asks. */
import { Failure } from './failure';

/** The environment that provisioning/datasources reads. */
export interface AccountEnv {
  CLOUDFLARE_API_URL: string;
  CLOUDFLARE_ACCOUNT_ID: string;
  CLOUDFLARE_API_TOKEN: string;
}

const CLOUDFLARE_API_URL = 'https://api.cloudflare.com/client/v4';
const ACCOUNT_ID = /^[0-9a-f]{32}$/;

/** The real account with this ID. Its token comes from the environment, so no command line shows it. */
export function realAccount(id: string): AccountEnv {
  if (!ACCOUNT_ID.test(id)) {
    throw new Failure(
      '--account needs the account ID, which has 32 hexadecimal digits. You find it in the address of every page of the Cloudflare dashboard.'
    );
  }
  const token = process.env.CLOUDFLARE_API_TOKEN;
  if (!token) {
    throw new Failure(
      'With --account, set CLOUDFLARE_API_TOKEN to a Cloudflare API token. README.md lists the permissions that it needs.'
    );
  }
  return {
    CLOUDFLARE_API_URL: process.env.CLOUDFLARE_API_URL ?? CLOUDFLARE_API_URL,
    CLOUDFLARE_ACCOUNT_ID: id,
    CLOUDFLARE_API_TOKEN: token,
  };
}
