import type { AttackPlan } from '../attacks/plan';
import { hash, mix, poisson, unit } from '../hash';
import { attackerAt } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import { inOrder, type EventSource } from './feed';
import type { Judge } from './judge';
import { LoginDraft, NON_IDENTITY, type Login } from './login';
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
  /** Certificates that machines have. */
  private readonly machineCertificates: number[];
  /** Applications whose tokens another application takes, and that one. */
  private readonly links: Array<readonly [linkedApp: number, app: number]>;

  constructor(
    private readonly organisation: Organisation,
    private readonly judge: Judge,
    private readonly scale: number,
    private readonly attacks: AttackPlan
  ) {
    this.seed = mix(organisation.seed + 202);
    const { applications, serviceAccounts, certificates } = organisation;
    const indexes = (wanted: (index: number) => boolean) => applications.flatMap((_, i) => (wanted(i) ? [i] : []));
    this.machineApps = indexes((i) => applications[i].takesMachines);
    this.usedApps = indexes((i) => applications[i].weight > 0);
    this.appsOfToken = serviceAccounts.map(({ host }, serviceAccount) =>
      this.takers((login) => Object.assign(login, { serviceAccount, host }))
    );
    this.appsOfCertificate = certificates.map((_, certificate) =>
      this.takers((login) => Object.assign(login, { certificate, mtls: 'SUCCESS' }))
    );
    const taken = this.appsOfCertificate.flatMap((apps, i) => (apps.length > 0 ? [i] : []));
    const links = applications.flatMap((_, linkedApp) =>
      this.takers((login) => Object.assign(login, { linkedApp })).map((app) => [linkedApp, app] as const)
    );
    // Where policies are drawn at random, there need not be any that take these.
    this.machineCertificates = taken.length > 0 ? taken : [0];
    this.links = links.length > 0 ? links : [[0, this.machineApps[0]]];
  }

  count(slot: number): number {
    return this.regular(slot) + this.attacks.loginCount(NON_IDENTITY, slot);
  }

  events(slot: number): Login[] {
    const count = this.regular(slot);
    const offsets = slotOffsets(this.seed, slot, count, MINUTE_US);
    const logins = Array.from({ length: count }, (_, i) =>
      this.login(slot, i, slot * MINUTE_US + offsets[i], hash(this.seed, slot, i, 1))
    );
    return inOrder(logins, this.attacks.loginsIn(NON_IDENTITY, slot, count));
  }

  private regular(slot: number): number {
    return poisson((NON_IDENTITY_A_DAY * this.scale) / 1440, hash(this.seed, slot, 2));
  }

  /** The applications that let a machine in which has what it should have. */
  private takers(prepare: (login: LoginDraft) => void): number[] {
    return this.machineApps.filter((app) => {
      const login = new LoginDraft(NON_IDENTITY, 0, 0, 0, 0, app);
      fromOffice(login, 1);
      prepare(login);
      return this.judge.decide(login).allowed;
    });
  }

  private login(slot: number, index: number, rawUs: number, h: number): Login {
    const login = new LoginDraft(NON_IDENTITY, slot, index, rawUs, mix(h + 50));
    login.v6 = !this.organisation.quiet && unit(mix(h + 2)) < 0.02;
    this.callWith(login, h, (what) => unit(mix(h + what)));
    return this.judge.complete(login);
  }

  /** A service token, a client certificate, a token of another application, or nothing at all. */
  private callWith(login: LoginDraft, h: number, draw: (what: number) => number): void {
    const pick = (apps: readonly number[]) => apps[Math.floor(draw(4) * apps.length)];
    const { quiet } = this.organisation;
    // A few call what does not take them.
    const appOf = (takers: readonly number[]) =>
      pick((!quiet && draw(5) < 0.01) || takers.length === 0 ? this.machineApps : takers);
    // On a quiet day, nobody comes with nothing.
    const kind = quiet ? draw(1) * 0.93 : draw(1);
    if (kind < 0.76) {
      login.serviceAccount = Math.floor(draw(3) ** 1.5 * this.appsOfToken.length);
      login.app = appOf(this.appsOfToken[login.serviceAccount]);
      fromOffice(login, this.organisation.serviceAccounts[login.serviceAccount].host);
    } else if (kind < 0.91) {
      login.certificate = this.machineCertificates[Math.floor(draw(3) * this.machineCertificates.length)];
      login.mtls = quiet ? 'SUCCESS' : certificateStatus(draw(6), draw(7));
      login.app = appOf(this.appsOfCertificate[login.certificate]);
      login.country = 'DE';
      login.network = '192.0.2';
      login.host = 180 + login.certificate;
    } else if (kind < 0.93) {
      const [linkedApp, app] = this.links[Math.floor(draw(6) * this.links.length)];
      login.linkedApp = quiet || draw(7) < 0.85 ? linkedApp : pick(this.usedApps);
      login.app = app;
      fromOffice(login, 220);
    } else {
      login.app = pick(this.usedApps);
      Object.assign(login, attackerAt(mix(h + 9)));
    }
  }
}

/** Where most machines are. */
function fromOffice(login: LoginDraft, host: number): void {
  login.country = 'US';
  login.network = '198.51.100';
  login.host = host;
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
