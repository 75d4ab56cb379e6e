import type { Attempt, SignedIn } from '../evaluator/attempt';
import type { Decision } from '../evaluator/evaluator';
import { STRONG_CONTEXT } from '../organisation/applicationPolicies';
import { signedIn } from '../organisation/directory';
import { isValidAt } from '../organisation/machines';
import type { Organisation } from '../organisation/organisation';
import type { Circumstances, Login, LoginDraft } from './login';
import { emailText, ipAddress } from './loginText';

const SECOND_FACTOR = ['pwd', 'mfa'];
const PASSWORD = ['pwd'];
const STRONG = [STRONG_CONTEXT];
const NONE: readonly string[] = [];

/** Hands logins to the evaluator of their time. */
export class Judge {
  private readonly users = new Map<number, SignedIn>();
  private readonly passed: ReadonlyArray<ReadonlySet<string>>;

  constructor(private readonly organisation: Organisation) {
    const { postureRules } = organisation;
    this.passed = Array.from(
      { length: 1 << postureRules.length },
      (_, mask) => new Set(postureRules.flatMap(({ id }, i) => (mask & (1 << i) ? [id] : [])))
    );
  }

  decide(login: Circumstances): Decision {
    return this.organisation.history.at(login.rawUs).evaluator.decide(login.app, this.attempt(login));
  }

  /** Completes a login with what Access makes of it. `logsOut` only counts where there is a session to end. */
  complete(login: LoginDraft, logsOut = false): Login {
    login.decision = this.decide(login);
    login.allowed = login.decision.allowed;
    login.logout = login.allowed && logsOut;
    return login;
  }

  /** All that Access knows of a login. */
  attempt(login: Circumstances): Attempt {
    const { serviceAccounts, certificates, applications } = this.organisation;
    const account = serviceAccounts[login.serviceAccount];
    return {
      user: login.provider >= 0 ? this.user(login) : undefined,
      ip: ipAddress(login),
      country: login.country,
      posture: this.passed[login.posture],
      authMethods: login.secondFactor ? SECOND_FACTOR : PASSWORD,
      authContexts: login.strongContext ? STRONG : NONE,
      commonName: login.mtls === 'SUCCESS' ? certificates[login.certificate].commonName : undefined,
      serviceToken: account && isValidAt(account, login.rawUs) ? account.id : undefined,
      linkedApp: login.linkedApp >= 0 ? applications[login.linkedApp].uid : undefined,
      risk: login.risk,
      externalAnswer: login.externalAnswer,
      approved: login.approved,
    };
  }

  private user(login: Circumstances): SignedIn {
    const { seed, people, providers } = this.organisation;
    const provider = providers[login.provider];
    if (login.person < 0) {
      const email = emailText(this.organisation, login);
      return { email, provider: provider.id, groups: [], github: {}, saml: {}, oidc: {}, accountMember: false };
    }
    const key = login.person * providers.length + login.provider;
    let user = this.users.get(key);
    if (!user) {
      user = signedIn(seed, people[login.person], login.person, provider, login.provider);
      this.users.set(key, user);
    }
    return user;
  }
}
