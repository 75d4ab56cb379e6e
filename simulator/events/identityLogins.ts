import { hash, mix, poisson, unit } from '../hash';
import type { AttackPlan } from '../attacks/plan';
import { MINUTE_SHARES, minuteOfWeek, OFFICES, TRAVEL_COUNTRIES } from '../organisation/offices';
import { deviceOn } from '../organisation/directory';
import type { Organisation } from '../organisation/organisation';
import type { Person } from '../organisation/people';
import { postureOf, presentCertificate, providerFor } from './circumstances';
import { inOrder, type EventSource } from './feed';
import type { Judge } from './judge';
import { IDENTITY, LoginDraft, type Login } from './login';
import { usesGateway } from './loginText';
import { MINUTE_US, slotOffsets } from './offsets';

/** Logins of people in a working day at scale 1, without attacks. */
export const LOGINS_A_DAY = 4600;
const SHARED_RAY = 1 / 150;
/** Share of logins to an application that is not for the person's team, or only by chance. */
const STRAYS = 0.035;

function choiceKey(team: string, warp: boolean): string {
  return `${team} ${warp}`;
}

/** Logins with an identity, allowed and blocked: what `access_requests` shows. */
export class IdentityLogins implements EventSource<Login> {
  readonly slotUs = MINUTE_US;
  private readonly seed: number;
  private readonly byOffice: number[][];
  /** Applications that anybody signs in to. */
  private readonly used: number[];
  /** For people of a team with and without WARP: application index by cumulative weight, of those that they use. */
  private readonly appChoices = new Map<string, Array<readonly [number, number]>>();

  constructor(
    private readonly organisation: Organisation,
    private readonly judge: Judge,
    private readonly scale: number,
    private readonly attacks: AttackPlan
  ) {
    this.seed = mix(organisation.seed + 101);
    const { people, applications } = organisation;
    this.byOffice = OFFICES.map((_, office) => people.flatMap((person, i) => (person.office === office ? [i] : [])));
    this.used = applications.flatMap((app, i) => (app.weight > 0 ? [i] : []));
    for (const { team } of organisation.groups) {
      for (const warp of [false, true]) {
        let sum = 0;
        const choices = this.used.flatMap((i): Array<readonly [number, number]> => {
          const { teams, needsWarp, weight } = applications[i];
          const usable = (teams.length === 0 || teams.includes(team)) && (warp || !needsWarp);
          return usable ? [[(sum += weight), i] as const] : [];
        });
        this.appChoices.set(choiceKey(team, warp), choices);
      }
    }
  }

  count(slot: number): number {
    return this.regular(slot) + this.attacks.loginCount(IDENTITY, slot);
  }

  events(slot: number): Login[] {
    const count = this.regular(slot);
    const offsets = slotOffsets(this.seed, slot, count, MINUTE_US);
    const logins: Login[] = [];
    for (let i = 0; i < count; i++) {
      const h = hash(this.seed, slot, i, 1);
      const before = logins[i - 1];
      if (before && before.rayIndex === i - 1 && before.person >= 0 && unit(mix(h + 90)) < SHARED_RAY) {
        logins.push(this.sameRay(before, i, h));
        continue;
      }
      logins.push(this.login(slot, i, slot * MINUTE_US + offsets[i], h));
    }
    return inOrder(logins, this.attacks.loginsIn(IDENTITY, slot, count));
  }

  private regular(slot: number): number {
    const shares = MINUTE_SHARES[minuteOfWeek(slot)];
    const day = Math.floor(slot / 1440);
    const dayFactor = 0.9 + 0.2 * unit(hash(this.seed, day, 3));
    return poisson(shares[shares.length - 1] * LOGINS_A_DAY * this.scale * dayFactor, hash(this.seed, slot, 2));
  }

  /** A second row of the same request: another path of the same application, everything else alike. */
  private sameRay(before: Login, index: number, h: number): Login {
    const paths = this.organisation.applications[before.app].paths.length;
    const path = before.path + 1 < paths ? before.path + 1 : -1;
    if (path === before.path) {
      return this.login(before.slot, index, before.rawUs, h);
    }
    return { ...before, index, path, chance: mix(h + 91) };
  }

  private personAt(slot: number, h: number): number {
    const shares = MINUTE_SHARES[minuteOfWeek(slot)];
    const at = unit(mix(h + 1)) * shares[shares.length - 1];
    let office = 0;
    while (office < shares.length - 1 && shares[office] <= at) {
      office++;
    }
    const people = this.byOffice[office];
    // Some people log in far more often than others.
    return people[Math.floor(people.length * Math.pow(unit(mix(h + 2)), 1.6))] ?? 0;
  }

  private applicationFor(person: Person, h: number): number {
    if (!this.organisation.quiet && unit(mix(h + 3)) < STRAYS) {
      return this.used[Math.floor(unit(mix(h + 4)) * this.used.length)];
    }
    const choices = this.appChoices.get(choiceKey(person.team, person.warp)) ?? [];
    const at = unit(mix(h + 4)) * (choices[choices.length - 1]?.[0] ?? 1);
    return choices.find(([sum]) => sum > at)?.[1] ?? 0;
  }

  private login(slot: number, index: number, rawUs: number, h: number): Login {
    const draw = (what: number) => unit(mix(h + what));
    const personIndex = this.personAt(slot, h);
    const { organisation } = this;
    const person = organisation.people[personIndex];
    const office = OFFICES[person.office];
    const appIndex = this.applicationFor(person, h);
    const app = organisation.applications[appIndex];
    const travels = !organisation.quiet && draw(5) < 0.03;
    const login = new LoginDraft(IDENTITY, slot, index, rawUs, mix(h + 50), appIndex);
    login.person = personIndex;
    login.path = draw(7) < 0.3 && app.paths.length > 0 ? Math.floor(draw(9) * app.paths.length) : -1;
    login.provider = providerFor(person, app, draw(16));
    login.country = travels ? TRAVEL_COUNTRIES[Math.floor(draw(11) * TRAVEL_COUNTRIES.length)] : office.country;
    const casing = organisation.quiet ? 1 : draw(8);
    login.countryCase = casing < 0.015 ? 1 : casing < 0.02 ? 2 : 0;
    login.network = office.network;
    login.host = travels ? 251 + (mix(h + 12) % 3) : person.host;
    login.v6 = draw(13) < 0.15;
    login.existingJwt = draw(14) < 0.35;
    login.warp = person.warp && draw(15) < 0.92;
    const device = deviceOn(organisation.seed, personIndex, Math.floor(slot / 1440));
    login.posture = postureOf(device, login.warp, usesGateway(login));
    login.risk = device.risk;
    login.secondFactor = draw(17) >= 0.02;
    login.strongContext = draw(18) >= 0.02;
    login.externalAnswer = draw(19) >= 0.01;
    login.approved = organisation.approvals.isApproved(personIndex, appIndex, rawUs);
    presentCertificate(login, app, organisation.quiet ? 1 : draw(20));
    return this.judge.complete(login, draw(10) < 0.02);
  }
}
