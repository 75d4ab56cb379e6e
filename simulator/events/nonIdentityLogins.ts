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
    const { subject, app, allowed, country, network, host } = this.caller(h, draw);
    return {
      rawUs,
      chance: mix(h + 50),
      slot,
      index,
      stream: NON_IDENTITY,
      person: -1,
      stranger: -1,
      app,
      path: -1,
      allowed,
      logout: false,
      provider: -1,
      country,
      countryCase: 0,
      network,
      host,
      v6: draw(2) < 0.1,
      rayIndex: index,
      existingJwt: false,
      warp: false,
      serviceAccount: subject.serviceAccount,
      certificate: subject.certificate,
      mtls: subject.mtls,
    };
  }

  /** A service token, a client certificate, or neither. */
  private caller(h: number, draw: (what: number) => number): Caller {
    const { serviceAccounts, certificates, applications } = this.organisation;
    const kind = draw(1);
    if (kind < 0.76) {
      const serviceAccount = Math.floor(draw(3) ** 1.5 * serviceAccounts.length);
      const { enabled, host } = serviceAccounts[serviceAccount];
      return {
        subject: { serviceAccount, certificate: -1, mtls: 'NONE' },
        app: this.serviceApps[Math.floor(draw(4) * this.serviceApps.length)],
        allowed: enabled && draw(5) > 0.004,
        country: 'US',
        network: '198.51.100',
        host,
      };
    }
    if (kind < 0.93) {
      const certificate = Math.floor(draw(3) * certificates.length);
      const mtls = certificateStatus(draw(6), draw(7));
      return {
        subject: { serviceAccount: -1, certificate, mtls },
        app: this.certificateApps[Math.floor(draw(4) * this.certificateApps.length)],
        allowed: mtls === 'SUCCESS',
        country: 'DE',
        network: '192.0.2',
        host: 180 + certificate,
      };
    }
    return {
      subject: { serviceAccount: -1, certificate: -1, mtls: 'NONE' },
      app: Math.floor(draw(4) * applications.length),
      allowed: false,
      country: ATTACK_COUNTRIES[mix(h + 8) % ATTACK_COUNTRIES.length],
      network: '203.0.113',
      host: 130 + (mix(h + 9) % 120),
    };
  }
}

interface Caller extends Pick<Login, 'app' | 'allowed' | 'country' | 'network' | 'host'> {
  subject: Pick<Login, 'serviceAccount' | 'certificate' | 'mtls'>;
}

function certificateStatus(age: number, trust: number): Login['mtls'] {
  if (age < 0.1) {
    return 'FAILED:certificate has expired';
  }
  return trust < 0.06 ? 'FAILED:unable to verify the first certificate' : 'SUCCESS';
}

/** Two sources with the same slots, as one. */
export class MergedLogins implements EventSource<Login> {
  readonly slotUs = MINUTE_US;

  constructor(private readonly sources: readonly [EventSource<Login>, EventSource<Login>]) {}

  count(slot: number): number {
    return this.sources[0].count(slot) + this.sources[1].count(slot);
  }

  events(slot: number): Login[] {
    const [left, right] = [this.sources[0].events(slot), this.sources[1].events(slot)];
    const merged: Login[] = [];
    for (let l = 0, r = 0; l < left.length || r < right.length;) {
      const takeLeft = r >= right.length || (l < left.length && left[l].rawUs <= right[r].rawUs);
      merged.push(takeLeft ? left[l++] : right[r++]);
    }
    return merged;
  }
}
