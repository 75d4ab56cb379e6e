import { hash, mix, poisson, unit } from '../hash';
import { ATTACK_COUNTRIES } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import type { EventSource } from './feed';
import { NON_IDENTITY, type Login } from './login';
import { MINUTE_US, slotOffsets } from './offsets';

/** Logins without identity in a day at scale 1: machines do not keep office hours. */
export const NON_IDENTITY_A_DAY = 2200;

/** Service tokens, client certificates and requests that a non-identity rule turned away. */
export class NonIdentityLogins implements EventSource<Login> {
  readonly slotUs = MINUTE_US;
  private readonly seed: number;
  private readonly serviceApps: number[];
  private readonly certificateApps: number[];

  constructor(
    private readonly organisation: Organisation,
    private readonly scale: number
  ) {
    this.seed = mix(organisation.seed + 202);
    const indexes = (wanted: (index: number) => boolean) =>
      organisation.applications.flatMap((_, i) => (wanted(i) ? [i] : []));
    this.serviceApps = indexes((i) => organisation.applications[i].serviceAuth);
    this.certificateApps = indexes((i) => organisation.applications[i].requiresCertificate);
  }

  count(slot: number): number {
    return poisson((NON_IDENTITY_A_DAY * this.scale) / 1440, hash(this.seed, slot, 2));
  }

  events(slot: number): Login[] {
    const count = this.count(slot);
    const offsets = slotOffsets(this.seed, slot, count, MINUTE_US);
    return Array.from({ length: count }, (_, i) =>
      this.login(slot, i, slot * MINUTE_US + offsets[i], hash(this.seed, slot, i, 1))
    );
  }

  private login(slot: number, index: number, rawUs: number, h: number): Login {
    const draw = (what: number) => unit(mix(h + what));
    const kind = draw(1);
    const base = {
      rawUs,
      chance: mix(h + 50),
      slot,
      index,
      stream: NON_IDENTITY,
      person: -1,
      stranger: -1,
      path: -1,
      logout: false,
      provider: -1,
      countryCase: 0,
      v6: draw(2) < 0.1,
      rayIndex: index,
      existingJwt: false,
      warp: false,
      serviceAccount: -1,
      certificate: -1,
      mtls: 'NONE',
    } as const;
    if (kind < 0.76) {
      const account = Math.floor(draw(3) ** 1.5 * this.organisation.serviceAccounts.length);
      const { enabled, host } = this.organisation.serviceAccounts[account];
      const app = this.serviceApps[Math.floor(draw(4) * this.serviceApps.length)];
      const allowed = enabled && draw(5) > 0.004;
      return { ...base, serviceAccount: account, app, allowed, country: 'US', network: '198.51.100', host };
    }
    if (kind < 0.93) {
      const certificate = Math.floor(draw(3) * this.organisation.certificates.length);
      const expired = draw(6) < 0.1;
      const untrusted = !expired && draw(7) < 0.06;
      const mtls = expired
        ? 'FAILED:certificate has expired'
        : untrusted
          ? 'FAILED:unable to verify the first certificate'
          : 'SUCCESS';
      const app = this.certificateApps[Math.floor(draw(4) * this.certificateApps.length)];
      return {
        ...base,
        certificate,
        mtls,
        app,
        allowed: !expired && !untrusted,
        country: 'DE',
        network: '192.0.2',
        host: 180 + certificate,
      };
    }
    return {
      ...base,
      app: Math.floor(draw(4) * this.organisation.applications.length),
      allowed: false,
      country: ATTACK_COUNTRIES[mix(h + 8) % ATTACK_COUNTRIES.length],
      network: '203.0.113',
      host: 130 + (mix(h + 9) % 120),
    };
  }
}

/** Several sources with the same slots, as one. */
export class MergedLogins implements EventSource<Login> {
  readonly slotUs = MINUTE_US;

  constructor(private readonly sources: ReadonlyArray<EventSource<Login>>) {}

  count(slot: number): number {
    return this.sources.reduce((sum, source) => sum + source.count(slot), 0);
  }

  events(slot: number): Login[] {
    return this.sources.flatMap((source) => source.events(slot)).sort((a, b) => a.rawUs - b.rawUs);
  }
}
