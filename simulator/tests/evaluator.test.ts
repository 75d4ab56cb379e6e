/** The evaluator against what Cloudflare's page on Access policies says, in its own examples where it has some. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Attempt, SignedIn } from '../evaluator/attempt';
import { Evaluator, inOrder, references, type Verdict } from '../evaluator/evaluator';
import { compileRule, RULE_TYPES, type Test } from '../evaluator/rules';
import {
  ruleType,
  type AccessRule,
  type Configuration,
  type PolicyDocument,
  type Rules,
} from '../organisation/documents';

const ADA: SignedIn = {
  email: 'ada@example.com',
  provider: 'entra',
  groups: [],
  github: {},
  saml: {},
  oidc: {},
  accountMember: false,
};

function attempt(more: Partial<Attempt> = {}, user: Partial<SignedIn> = {}): Attempt {
  return {
    user: { ...ADA, ...user },
    ip: '192.0.2.7',
    country: 'PT',
    posture: new Set(),
    authMethods: [],
    authContexts: [],
    risk: 'low',
    externalAnswer: false,
    approved: false,
    ...more,
  };
}
const nobody = (more: Partial<Attempt> = {}): Attempt => ({ ...attempt(more), user: undefined });

const EVERYONE: AccessRule = { everyone: {} };
const geo = (country_code: string): AccessRule => ({ geo: { country_code } });
const email = (address: string): AccessRule => ({ email: { email: address } });

type Decision = PolicyDocument['decision'];

function policy(name: string, decision: Decision, rules: Partial<Rules> = {}, more: Partial<PolicyDocument> = {}) {
  return {
    ...{ id: name, name, decision, reusable: false, session_duration: '24h', include: [], require: [], exclude: [] },
    ...rules,
    ...more,
  };
}

function configuration(policies: PolicyDocument[], more: Partial<Configuration> = {}, allowedIdps: string[] = []) {
  return { applications: [{ uid: 'app', allowedIdps, policies }], groups: [], lists: [], ...more };
}

function decide(its: Configuration, who: Attempt): string {
  const { verdict, policy: decisive } = new Evaluator(its).decide(0, who);
  return decisive ? `${verdict} ${decisive.name}` : verdict;
}

describe('the order of evaluation', () => {
  const five: Array<[string, Decision]> = [
    ['A', 'allow'],
    ['B', 'deny'],
    ['C', 'non_identity'],
    ['D', 'bypass'],
    ['E', 'allow'],
  ];

  test('Allow A, Block B, Service Auth C, Bypass D, Allow E are asked as C, D, A, B, E', () => {
    const all = five.map(([name, decision]) => policy(name, decision));
    assert.deepEqual(
      inOrder(all).map(({ name }) => name),
      ['C', 'D', 'A', 'B', 'E']
    );
  });

  test('the first that matches decides, whichever others match', () => {
    const outcomes = [
      'allowed_by_policy C',
      'bypassed D',
      'allowed_by_policy A',
      'blocked_by_policy B',
      'allowed_by_policy E',
      'no_policy_matched',
    ];
    const order = ['C', 'D', 'A', 'B', 'E'];
    outcomes.forEach((outcome, i) => {
      const matching = order.slice(i);
      const policies = five.map(([name, decision]) =>
        policy(name, decision, { include: matching.includes(name) ? [EVERYONE] : [geo('US')] })
      );
      assert.equal(decide(configuration(policies), attempt()), outcome);
    });
  });
});

describe('include, require, exclude', () => {
  const page = [
    policy('Allow', 'allow', {
      include: [geo('PT')],
      require: [{ email_domain: { domain: 'team.com' } }],
      exclude: [email('user-1@team.com'), email('user-2@team.com')],
    }),
  ];
  const cases: Array<[string, Rules | Partial<Rules>, Attempt, Verdict]> = [
    ['somebody of the team in Portugal', page[0], attempt({}, { email: 'user-3@team.com' }), 'allowed_by_policy'],
    [
      'somebody of the team elsewhere',
      page[0],
      attempt({ country: 'ES' }, { email: 'x@team.com' }),
      'no_policy_matched',
    ],
    ['somebody else in Portugal', page[0], attempt(), 'no_policy_matched'],
    ['somebody who is excluded', page[0], attempt({}, { email: 'User-2@team.com' }), 'no_policy_matched'],
    ['one of two includes', { include: [geo('US'), geo('PT')] }, attempt(), 'allowed_by_policy'],
    [
      'two countries under Require',
      { include: [EVERYONE], require: [geo('US'), geo('PT')] },
      attempt(),
      'no_policy_matched',
    ],
    ['no include at all', { require: [geo('PT')] }, attempt(), 'no_policy_matched'],
  ];
  for (const [name, rules, who, verdict] of cases) {
    test(name, () => {
      const its = policy('Allow', 'allow', { include: [], require: [], exclude: [], ...rules });
      assert.equal(new Evaluator(configuration([its])).decide(0, who).verdict, verdict);
    });
  }

  test('a block of a country spares a list of addresses', () => {
    const its = configuration(
      [
        policy('Block', 'deny', { include: [geo('RU')], exclude: [{ ip_list: { id: 'office' } }] }),
        policy('Allow', 'allow', { include: [EVERYONE] }),
      ],
      { lists: [{ id: 'office', name: 'Office', type: 'IP', items: ['198.51.100.0/24', '2001:db8::/32'] }] }
    );
    const from = (ip: string) => decide(its, attempt({ ip, country: 'RU' }));
    assert.equal(from('192.0.2.1'), 'blocked_by_policy Block');
    assert.equal(from('198.51.100.1'), 'allowed_by_policy Allow');
    assert.equal(from('2001:db8:1::5'), 'allowed_by_policy Allow');
    assert.equal(from('2001:db9::5'), 'blocked_by_policy Block');
  });
});

describe('what comes around the policies', () => {
  const allow = policy('Allow', 'allow', { include: [EVERYONE] });
  const service = policy('Service', 'non_identity', { include: [{ any_valid_service_token: {} }] });

  test('deny is the default', () => {
    assert.equal(decide(configuration([]), attempt()), 'no_policy_matched');
  });

  test('a login method that the application does not take is refused before Allow and Block are asked', () => {
    const its = (offered: string[]) =>
      configuration([policy('Block', 'deny', { include: [geo('US')] }), allow], {}, offered);
    assert.equal(decide(its(['okta']), attempt()), 'login_method_not_allowed');
    assert.equal(decide(its(['okta', 'entra']), attempt()), 'allowed_by_policy Allow');
    assert.equal(decide(its([]), attempt()), 'allowed_by_policy Allow');
  });

  test('without an identity, only Bypass and Service Auth can let somebody in', () => {
    assert.equal(decide(configuration([allow, service]), nobody()), 'service_auth_failed');
    assert.equal(decide(configuration([allow]), nobody()), 'no_policy_matched');
    assert.equal(decide(configuration([allow, service]), nobody({ serviceToken: 't' })), 'allowed_by_policy Service');
  });

  test('a Block policy also blocks who has not signed in', () => {
    const block = policy('Block', 'deny', { include: [geo('PT')] });
    assert.equal(decide(configuration([block]), nobody()), 'blocked_by_policy Block');
    assert.equal(decide(configuration([allow, block]), nobody({ country: 'ES' })), 'no_policy_matched');
    // Whoever comes without an identity has failed at the Service Auth policies before.
    assert.equal(decide(configuration([service, block]), nobody()), 'service_auth_failed');
  });

  test('who needs an approval waits for it, and no later policy is asked', () => {
    const asks = policy('Asks', 'allow', { include: [EVERYONE] }, { approval_required: true });
    assert.equal(decide(configuration([asks, allow]), attempt()), 'approval_needed Asks');
    assert.equal(decide(configuration([asks, allow]), attempt({ approved: true })), 'allowed_by_policy Asks');
  });
});

describe('groups', () => {
  const group = (id: string, rules: Partial<Rules>) => ({
    id,
    name: id,
    include: [],
    require: [],
    exclude: [],
    ...rules,
  });
  const inside = (id: string): AccessRule => ({ group: { id } });
  const its = configuration([policy('Allow', 'allow', { include: [inside('outer')] })], {
    groups: [
      group('outer', { include: [inside('inner')], exclude: [geo('ES')] }),
      group('inner', { include: [email('ada@example.com'), email('bob@example.com')], require: [geo('PT')] }),
      group('left', { include: [inside('right')] }),
      group('right', { include: [inside('left'), email('bob@example.com')] }),
    ],
  });

  test('are asked like policies, also inside of each other', () => {
    assert.equal(decide(its, attempt()), 'allowed_by_policy Allow');
    assert.equal(decide(its, attempt({}, { email: 'eve@example.com' })), 'no_policy_matched');
    assert.equal(decide(its, attempt({ country: 'ES' })), 'no_policy_matched');
  });

  test('that contain each other match by what else they have', () => {
    const both = (who: Attempt) => compileRule(inside('left'), references(its))(who);
    assert.equal(both(attempt()), false);
    assert.equal(both(attempt({}, { email: 'bob@example.com' })), true);
  });

  test('that are not there match nobody', () => {
    assert.equal(compileRule(inside('gone'), references(its))(attempt()), false);
  });
});

describe('every rule type', () => {
  const at = { identity_provider_id: 'entra' };
  const refer = references(
    configuration([], {
      groups: [{ id: 'team', name: 'Team', include: [email('ada@example.com')], require: [], exclude: [] }],
      lists: [
        { id: 'people', name: 'People', type: 'EMAIL', items: ['Ada@example.com'] },
        { id: 'office', name: 'Office', type: 'IP', items: ['192.0.2.0/28'] },
      ],
    })
  );
  const eve = { email: 'eve@example.org' };
  const elsewhere = { provider: 'okta' };
  /** A rule, an attempt that meets it and, but for one thing, the same attempt, which does not. */
  const cases: Array<[AccessRule, Attempt, Attempt | undefined]> = [
    [{ group: { id: 'team' } }, attempt(), attempt({}, eve)],
    [{ any_valid_service_token: {} }, nobody({ serviceToken: 'any' }), nobody()],
    [
      { auth_context: { id: 'x', ac_id: 'c1', ...at } },
      attempt({ authContexts: ['c1'] }),
      attempt({ authContexts: ['c1'] }, elsewhere),
    ],
    [
      { auth_method: { auth_method: 'mfa' } },
      attempt({ authMethods: ['pwd', 'mfa'] }),
      attempt({ authMethods: ['pwd'] }),
    ],
    [{ azureAD: { id: 'g', ...at } }, attempt({}, { groups: ['g'] }), attempt({}, { groups: ['g'], ...elsewhere })],
    [{ certificate: {} }, nobody({ commonName: 'any' }), nobody()],
    [{ common_name: { common_name: 'a' } }, nobody({ commonName: 'a' }), nobody({ commonName: 'b' })],
    [geo('pt'), attempt(), attempt({ country: 'ES' })],
    [
      { device_posture: { integration_uid: 'p' } },
      attempt({ posture: new Set(['p']) }),
      attempt({ posture: new Set(['q']) }),
    ],
    [{ email_domain: { domain: 'EXAMPLE.com' } }, attempt(), attempt({}, eve)],
    [{ email_list: { id: 'people' } }, attempt(), attempt({}, eve)],
    [email('ADA@example.com'), attempt(), attempt({}, eve)],
    [EVERYONE, nobody(), undefined],
    [{ external_evaluation: { evaluate_url: 'u', keys_url: 'k' } }, attempt({ externalAnswer: true }), attempt()],
    [
      { 'github-organization': { name: 'o', team: 't', ...at } },
      attempt({}, { github: { o: ['t'] } }),
      attempt({}, { github: { o: ['s'] } }),
    ],
    [
      { 'github-organization': { name: 'o', ...at } },
      attempt({}, { github: { o: [] } }),
      attempt({}, { github: { p: [] } }),
    ],
    [{ gsuite: { email: 'g@example.com', ...at } }, attempt({}, { groups: ['g@example.com'] }), attempt()],
    [{ login_method: { id: 'entra' } }, attempt(), attempt({}, elsewhere)],
    [{ ip_list: { id: 'office' } }, attempt(), attempt({ ip: '192.0.2.16' })],
    [{ ip: { ip: '192.0.2.7/32' } }, attempt(), attempt({ ip: '192.0.2.8' })],
    [{ okta: { name: 'n', ...at } }, attempt({}, { groups: ['n'] }), attempt({}, { groups: ['m'] })],
    [
      { saml: { attribute_name: 'a', attribute_value: 'v', ...at } },
      attempt({}, { saml: { a: 'v' } }),
      attempt({}, { saml: { a: 'w' } }),
    ],
    [
      { oidc: { claim_name: 'a', claim_value: 'v', ...at } },
      attempt({}, { oidc: { a: 'v' } }),
      attempt({}, { oidc: { b: 'v' } }),
    ],
    [{ service_token: { token_id: 't' } }, nobody({ serviceToken: 't' }), nobody({ serviceToken: 's' })],
    [{ linked_app_token: { app_uid: 'u' } }, nobody({ linkedApp: 'u' }), nobody({ linkedApp: 'v' })],
    [{ user_risk_score: { user_risk_score: ['high', 'medium'] } }, attempt({ risk: 'medium' }), attempt()],
    [{ cloudflare_account_member: { account_id: 'a' } }, attempt({}, { accountMember: true }), attempt()],
  ];

  for (const [rule, meets, fails] of cases) {
    test(JSON.stringify(rule), () => {
      const holds: Test = compileRule(rule, refer);
      assert.equal(holds(meets), true);
      assert.equal(fails !== undefined && holds(fails), false);
    });
  }

  test('is in the table', () => {
    assert.equal(RULE_TYPES.length, 26);
    assert.deepEqual([...new Set(cases.map(([rule]) => ruleType(rule)))].sort(), [...RULE_TYPES].sort());
  });
});
