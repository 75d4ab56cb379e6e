import { apiError, json, type ApiError, type Reply } from './envelope';

export interface RateLimitOptions {
  /** Calls in a window; Cloudflare: 1200 for REST, 300 for GraphQL. 0 turns the limit off. */
  limit: number;
  windowSeconds: number;
  /** After going over, everything is refused for this long. */
  blockSeconds: number;
}

interface Bucket {
  windowStart: number;
  used: number;
  blockedUntil: number;
}

export interface Verdict {
  allowed: boolean;
  retryAfterSeconds: number;
  left: number;
  headers: Record<string, string>;
}

/** One budget a credential in fixed windows; whoever goes over is blocked, as Cloudflare does. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  refused = 0;

  constructor(public options: RateLimitOptions) {}

  /** Counts a call of `who` at `now` (milliseconds). */
  spend(who: string, now: number): Verdict {
    const { limit, windowSeconds, blockSeconds } = this.options;
    if (limit === 0) {
      return { allowed: true, retryAfterSeconds: 0, left: Number.MAX_SAFE_INTEGER, headers: {} };
    }
    let bucket = this.buckets.get(who);
    if (!bucket || (now >= bucket.windowStart + windowSeconds * 1000 && now >= bucket.blockedUntil)) {
      bucket = { windowStart: now, used: 0, blockedUntil: 0 };
      this.buckets.set(who, bucket);
    }
    if (now < bucket.blockedUntil) {
      return this.refuse(bucket, now);
    }
    bucket.used++;
    if (bucket.used > limit) {
      bucket.blockedUntil = now + blockSeconds * 1000;
      return this.refuse(bucket, now);
    }
    const reset = Math.max(1, Math.ceil((bucket.windowStart + windowSeconds * 1000 - now) / 1000));
    return {
      allowed: true,
      retryAfterSeconds: 0,
      left: limit - bucket.used,
      headers: {
        Ratelimit: `"default";r=${limit - bucket.used};t=${reset}`,
        'Ratelimit-Policy': `"default";q=${limit};w=${windowSeconds}`,
      },
    };
  }

  reset(): void {
    this.buckets.clear();
    this.refused = 0;
  }

  private refuse(bucket: Bucket, now: number): Verdict {
    this.refused++;
    const retryAfterSeconds = Math.max(1, Math.ceil((bucket.blockedUntil - now) / 1000));
    return { allowed: false, retryAfterSeconds, left: 0, headers: { 'Retry-After': String(retryAfterSeconds) } };
  }
}

export function throttledError(): ApiError {
  return apiError(429, 971, 'Please wait and consider throttling your request speed');
}

export function throttledGraphql(now: number, verdict: Verdict, accountTag?: string): Reply {
  const message = accountTag
    ? `Account ${accountTag} has exceeded its rate limit. Please try again after 5 minutes.`
    : 'rate limiter budget depleted, try again after 5 minutes';
  const error = { message, path: null, extensions: { timestamp: new Date(now).toISOString(), code: 'budget' } };
  return json(429, { data: null, errors: [error] }, verdict.headers);
}
