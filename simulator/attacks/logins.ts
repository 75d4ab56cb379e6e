import { LoginDraft, IDENTITY, NON_IDENTITY, type Login } from '../events/login';
import type { Judge } from '../events/judge';
import { MINUTE_US } from '../events/offsets';
import { hash, mix, unit } from '../hash';
import { ENTRA, PIN } from '../organisation/identityProviders';
import { attackerAt, NEVER_VISITED, OFFICES, TRAVEL_COUNTRIES } from '../organisation/offices';
import type { Organisation } from '../organisation/organisation';
import { timeOf, type Attack } from './attack';
import type { AttackName } from './kinds';

/** Of the accounts that are tried, every fifth belongs to nobody. */
const STRANGER_EVERY = 5;

/** Indexes into the organization. */
interface Targets {
  readonly webmail: number;
  readonly wiki: number;
  readonly registry: number;
  readonly issues: number;
  readonly token: number;
  readonly certificate: number;
}

/** Fills in who comes to which application, and how. What becomes of it, the policies decide. */
type Approach = (login: LoginDraft, attack: Attack, attempt: number) => void;

/** What attacks are made of, as logins. */
export class AttackLogins {
  private readonly targets: Targets;
  private readonly approaches: Partial<Record<AttackName, Approach>>;

  constructor(
    private readonly organisation: Organisation,
    private readonly judge: Judge
  ) {
    const { applications, serviceAccounts, certificates } = organisation;
    const index = (all: ReadonlyArray<{ readonly name: string }>, name: string) =>
      all.findIndex((one) => one.name === name);
    this.targets = {
      webmail: index(applications, 'Webmail'),
      wiki: index(applications, 'Wiki'),
      registry: index(applications, 'Artifact registry'),
      issues: index(applications, 'Issue tracker'),
      token: index(serviceAccounts, 'uptime-monitor'),
      certificate: index(certificates, 'Warehouse scanners'),
    };
    const guess: Approach = (...its) => this.guess(...its);
    const signIn: Approach = (...its) => this.signIn(...its);
    this.approaches = {
      ...{ spray: guess, distributed_spray: guess, stuffing: guess, bruteforce_user: guess, blocked_spike: guess },
      ...{ many_countries: signIn, new_country: signIn },
      burst_then_success: (login, attack, attempt) =>
        attempt < attack.attempts - 1 ? this.guess(login, attack, attempt) : this.signIn(login, attack, attempt),
      app_failure_rate: (...its) => this.wrongButton(...its),
      token_new_address: (login, attack) => this.strangeMachine(login, attack),
      mtls_failures: (login) => this.oldCertificate(login),
    };
  }

  /** Whether an attack has logins of a stream. */
  isMadeOf(kind: AttackName, stream: Login['stream']): boolean {
    const ofMachines = kind === 'token_new_address' || kind === 'mtls_failures';
    return kind in this.approaches && ofMachines === (stream === NON_IDENTITY);
  }

  /** `index` is the place in its minute, which nothing else of the stream has. */
  login(attack: Attack, attempt: number, index: number): Login {
    const rawUs = timeOf(attack, attempt);
    const stream = this.isMadeOf(attack.kind, NON_IDENTITY) ? NON_IDENTITY : IDENTITY;
    const chance = hash(attack.h, attempt, 8);
    const login = new LoginDraft(stream, Math.floor(rawUs / MINUTE_US), index, rawUs, chance);
    this.approaches[attack.kind]?.(login, attack, attempt);
    return this.judge.complete(login);
  }

  /** Somebody with a wrong password, from a country where nobody works. */
  private guess(login: LoginDraft, attack: Attack, attempt: number): void {
    const { people } = this.organisation;
    const { webmail, wiki } = this.targets;
    login.sprayed = true;
    login.app = unit(mix(attack.h + 1)) < 0.7 ? webmail : wiki;
    const isSpray = attack.kind === 'spray' || attack.kind === 'distributed_spray';
    // One account after the other, so that no part of a spray looks like stuffing.
    const account = isSpray ? Math.floor((attempt * attack.users) / attack.attempts) : attempt % attack.users;
    if (account % STRANGER_EVERY === STRANGER_EVERY - 1) {
      login.stranger = Math.floor(account / STRANGER_EVERY);
    } else {
      login.person = (attack.person + account) % people.length;
    }
    login.provider = unit(mix(login.chance + 1)) < 0.85 ? PIN : ENTRA;
    // Each round over the accounts goes on at the next address.
    const address = (attempt + Math.floor(attempt / attack.users)) % attack.addresses;
    Object.assign(login, attackerAt(mix(attack.h + 2) + address));
  }

  /** Somebody with the right password, from where the attack wants it. */
  private signIn(login: LoginDraft, attack: Attack, attempt: number): void {
    const person = this.organisation.people[attack.person];
    const office = OFFICES[person.office];
    const countries = attack.kind === 'new_country' ? NEVER_VISITED : TRAVEL_COUNTRIES;
    login.app = this.targets.webmail;
    login.person = attack.person;
    login.provider = person.provider;
    login.country =
      attack.kind === 'burst_then_success'
        ? office.country
        : countries[(mix(attack.h + 3) + attempt) % countries.length];
    login.network = office.network;
    login.host = 251 + (attempt % 4);
    login.secondFactor = true;
  }

  /** Somebody at the own desk who wants a one-time PIN, which the wiki does not take. */
  private wrongButton(login: LoginDraft, attack: Attack, attempt: number): void {
    const { people } = this.organisation;
    login.app = this.targets.wiki;
    login.person = (attack.person + (attempt % attack.users)) % people.length;
    const { office, host } = people[login.person];
    login.provider = PIN;
    login.country = OFFICES[office].country;
    login.network = OFFICES[office].network;
    login.host = host;
  }

  private strangeMachine(login: LoginDraft, attack: Attack): void {
    login.app = this.targets.registry;
    login.serviceAccount = this.targets.token;
    login.country = NEVER_VISITED[mix(attack.h + 3) % NEVER_VISITED.length];
    login.network = '192.0.2';
    login.host = 1 + (mix(attack.h + 4) % 170);
  }

  private oldCertificate(login: LoginDraft): void {
    login.app = this.targets.issues;
    login.certificate = this.targets.certificate;
    login.mtls = 'FAILED:certificate has expired';
    login.country = 'DE';
    login.network = '192.0.2';
    login.host = 180 + login.certificate;
  }
}
