import { type AccessOptions, type AccessSecrets } from '../types';

/** What the executable refuses, by setting. pkg/settings has the same bounds, and knows which hosts the server allows. */
export type Faults = Partial<Record<keyof AccessOptions | keyof AccessSecrets, string>>;

/** Whether http:// can be right for a host: this machine, or a name without a dot, as containers have them. */
function isLocal(host: string): boolean {
  return host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host) || !/[.:]/.test(host);
}

function accountFault(id: string): string | undefined {
  return id === '' || /^[0-9a-f]{32}$/i.test(id.trim())
    ? undefined
    : 'An account ID has 32 hexadecimal digits. You find it in the address of your Cloudflare dashboard.';
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function urlFault(text: string): string | undefined {
  if (text.trim() === '') {
    return undefined;
  }
  const url = parseUrl(text.trim());
  if (!url || !['https:', 'http:'].includes(url.protocol) || url.username || /[?#]/.test(text)) {
    return 'Enter an address such as https://api.cloudflare.com/client/v4, without a user, query, or fragment.';
  }
  return url.protocol === 'http:' && !isLocal(url.hostname)
    ? 'Use https://, because the secret must not travel unencrypted.'
    : undefined;
}

function numberFault(value: number | undefined, least: number, most: number): string | undefined {
  return value === undefined || (Number.isInteger(value) && value >= least && value <= most)
    ? undefined
    : `Enter a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}.`;
}

const HOURS = { h: 1, m: 1 / 60, s: 1 / 3600, ms: 1 / 3_600_000 };

/** What is wrong with a Go duration, whose bounds are in hours; allowed says what they are. */
function durationFault(text: string, least: number, most: number, allowed: string): string | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  const whole = parts.map(([part]) => part).join('') === text.trim();
  const total = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * HOURS[unit as keyof typeof HOURS], 0);
  return text.trim() === '' || (whole && total >= least && total <= most) ? undefined : `Enter a duration ${allowed}.`;
}

/** The shortest key that makes pseudonyms, in characters. */
const MIN_MASK_KEY = 16;

/** Checks the settings that can be checked before they are saved. */
export function settingsFaults(settings: AccessOptions, secrets: AccessSecrets = {}): Faults {
  const { email = '', authType } = settings;
  const faults: Faults = {
    accountId: accountFault(settings.accountId ?? ''),
    email:
      authType === 'apiKey' && email !== '' && !email.includes('@')
        ? 'Enter the email address of the Cloudflare user that the API key belongs to.'
        : undefined,
    apiUrl: urlFault(settings.apiUrl ?? ''),
    cacheLimitMb: numberFault(settings.cacheLimitMb, 0, 65_536),
    maxRows: numberFault(settings.maxRows, 1, 10_000_000),
    reservePercent: numberFault(settings.reservePercent, 0, 90),
    timeout: numberFault(settings.timeout, 0, 3600),
    sealAfter: durationFault(settings.sealAfter ?? '', 0, 24, 'up to 24h, such as 15m or 1h30m'),
    keepFor: durationFault(settings.keepFor ?? '', 1 / 60, 180 * 24, 'from 1m to 4320h, such as 24h'),
    maskKey:
      secrets.maskKey && [...secrets.maskKey].length < MIN_MASK_KEY
        ? `Enter at least ${MIN_MASK_KEY} characters. Whoever guesses the key can undo the pseudonyms.`
        : undefined,
  };
  return faults;
}
