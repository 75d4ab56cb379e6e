import { hash, mix, poisson, unit } from '../hash';
import { ATTACK_COUNTRIES } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import type { EventSource } from './feed';
import type { Judge } from './judge';
import { NON_IDENTITY, PLAIN, type Circumstances, type Login } from './login';
import { MINUTE_US, slotOffsets } from './offsets';

/** Logins without identity in a day at scale 1: machines do not keep office hours. */
export const NON_IDENTITY_A_DAY = 2200;

/** Service tokens, client certificates and requests that a non-identity rule turned away. */
export class NonIdentityLogins implements EventSource<Login> {
  readonly slotUs = MINUTE_US;
  private readonly seed: number;
  private readonly machineApps: number[];
  private readonly usedApps: number[];
  /** For each service token and certificate, the applications that take it. */
  private readonly appsOfToken: number[][];
  private readonly appsOfCertificate: number[][];
  /** Applications whose tokens another application takes, and that one. */
  private readonly links: Array<readonly [linkedApp: number, app: number]>;

  constructor(
    private readonly organisation: Organisation,
    private readonly judge: Judge,
    private readonly scale: number
  ) {
    this.seed = mix(organisation.seed + 202);
    const { applications, serviceAccounts, certificates } = organisation;
    const indexes = (wanted: (index: number) => boolean) => applications.flatMap((_, i) => (wanted(i) ? [i] : []));
    this.machineApps = indexes((i) => applications[i].takesMachines);
    this.usedApps = indexes((i) => applications[i].weight > 0);
    const takers = (machine: Partial<Circumstances>) => this.machineApps.filter((app) => this.takes(app, machine));
    this.appsOfToken = serviceAccounts.map(({ host }, serviceAccount) => takers({ serviceAccount, host }));
    this.appsOfCertificate = certificates.map((_, certificate) => takers({ certificate, mtls: 'SUCCESS' }));
    this.links = applications.flatMap((_, linkedApp) => takers({ linkedApp }).map((app) => [linkedApp, app] as const));
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

  /** Whether an application lets a machine in that has what it should have. */
  private takes(app: number, machine: Partial<Circumstances>): boolean {
    const login = {
      ...PLAIN,
      ...OFFICE,
      rawUs: 0,
      chance: 0,
      slot: 0,
      index: 0,
      rayIndex: 0,
      host: 1,
      app,
      ...machine,
    };
    return this.judge.decide({ ...login, stream: NON_IDENTITY }).allowed;
  }

  private login(slot: number, index: number, rawUs: number, h: number): Login {
    return this.judge.decided({
      ...PLAIN,
      rawUs,
      chance: mix(h + 50),
      slot,
      index,
      stream: NON_IDENTITY,
      v6: unit(mix(h + 2)) < 0.02,
      rayIndex: index,
      ...this.caller(h, (what) => unit(mix(h + what))),
    });
  }

  /** A service token, a client certificate, a token of another application, or nothing at all. */
  private caller(h: number, draw: (what: number) => number): Caller {
    const { serviceAccounts, certificates } = this.organisation;
    const pick = (apps: readonly number[]) => apps[Math.floor(draw(4) * apps.length)];
    // A few call what does not take them.
    const appOf = (takers: readonly number[]) =>
      pick(draw(5) < 0.01 || takers.length === 0 ? this.machineApps : takers);
    const kind = draw(1);
    if (kind < 0.76) {
      const serviceAccount = Math.floor(draw(3) ** 1.5 * serviceAccounts.length);
      const { host } = serviceAccounts[serviceAccount];
      return { ...OFFICE, serviceAccount, app: appOf(this.appsOfToken[serviceAccount]), host };
    }
    if (kind < 0.91) {
      const known = this.appsOfCertificate.flatMap((apps, i) => (apps.length > 0 ? [i] : []));
      const certificate = known[Math.floor(draw(3) * known.length)] ?? Math.floor(draw(3) * certificates.length);
      const mtls = certificateStatus(draw(6), draw(7));
      const app = appOf(this.appsOfCertificate[certificate]);
      return { certificate, mtls, app, country: 'DE', network: '192.0.2', host: 180 + certificate };
    }
    if (kind < 0.93) {
      const [linkedApp, app] = this.links[Math.floor(draw(6) * this.links.length)];
      return { ...OFFICE, linkedApp: draw(7) < 0.85 ? linkedApp : pick(this.usedApps), app, host: 220 };
    }
    return {
      app: pick(this.usedApps),
      country: ATTACK_COUNTRIES[mix(h + 8) % ATTACK_COUNTRIES.length],
      network: '203.0.113',
      host: 130 + (mix(h + 9) % 120),
    };
  }
}

/** Where machines are. */
const OFFICE = { country: 'US', network: '198.51.100' };

type Caller = Pick<Circumstances, 'app' | 'country' | 'network' | 'host'> &
  Partial<Pick<Circumstances, 'serviceAccount' | 'certificate' | 'mtls' | 'linkedApp'>>;

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
