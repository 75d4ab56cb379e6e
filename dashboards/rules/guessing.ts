import { outcomeFilter } from '../../catalogue/index';
import { BLOCKED, NO_LOGOUTS, type Question } from '../target';
import { anyOf, MINUTE, ofAlert, peakOf, UNTIL_SEALED, where, type Rule, type RuleQuery } from './rule';

export const BLOCKED_LOGINS: Question = { queryType: 'access_requests', format: 'table', filters: [BLOCKED] };
const DISTINCT_USERS: Question['measure'] = { type: 'distinct', field: 'user_email' };
const DISTINCT_ADDRESSES: Question['measure'] = { type: 'distinct', field: 'ip_address' };

/** Cloudflare's Access has no failed password, only blocked logins: rules for identity providers apply to those. */
const ELASTIC = 'https://github.com/elastic/detection-rules/blob/main/rules/integrations/okta';
const SENTINEL = 'https://github.com/Azure/Azure-Sentinel/blob/master/Solutions';

const SPRAYED_USERS = 15;
const SPRAY_WINDOW = 5 * MINUTE;

const spray: Rule = {
  id: 'spray',
  attack: 'spray',
  title: 'Password spray from one address',
  severity: 'warning',
  mitre: 'T1110.003',
  summary: '{{ $labels.ip_address }} was blocked as {{ $values.users }} different users within five minutes.',
  description:
    `One address failed to sign in as ${SPRAYED_USERS} or more users within five minutes. That is somebody who tries a few ` +
    'passwords on many accounts, or an office behind one address that a policy has just locked out.',
  queries: [
    {
      refId: 'users',
      from: SPRAY_WINDOW,
      question: {
        ...BLOCKED_LOGINS,
        groupBy: ['ip_address'],
        measure: DISTINCT_USERS,
        having: { operator: '>=', value: SPRAYED_USERS },
      },
    },
  ],
  steps: [anyOf('users')],
  rows: rowsOf('ip_address'),
  thresholds: [
    {
      what: `${SPRAYED_USERS} users of one address within 5 minutes`,
      source: `[Microsoft Sentinel](${SENTINEL}/Okta%20Single%20Sign-On/Analytic%20Rules/PasswordSpray.yaml) alerts on more than 15 users in 5 minutes`,
    },
  ],
};

/** Rules over all addresses rise with what is usual, or the first hour of work would be an attack in a large organization. */
const USUAL_FACTOR = 2;
const WIDE_WINDOW = 15 * MINUTE;
const SPREAD_USERS = 8;
const SPREAD_ADDRESSES = 5;

const USUAL_SOURCE = `Our judgment: twice the mean of the same quarter of an hour in the last four weeks comes on top, so that an organization with many blocked logins has no alarm every morning`;

const distributedSpray: Rule = {
  id: 'distributed-spray',
  attack: 'distributed_spray',
  title: 'Password spray from many addresses',
  severity: 'warning',
  mitre: 'T1110.003',
  summary: '{{ $values.addresses }} addresses were blocked as {{ $values.users }} different users within 15 minutes.',
  description:
    'Far more users than usual were blocked within 15 minutes, from far more addresses than usual. That is a spray that changes ' +
    'its address to stay below limits, or a policy that has just locked people out.',
  queries: [
    now('users', DISTINCT_USERS),
    now('addresses', DISTINCT_ADDRESSES),
    usual('users_before', DISTINCT_USERS),
    usual('addresses_before', DISTINCT_ADDRESSES),
  ],
  steps: [
    peakOf('users_before', 'usual_users'),
    peakOf('addresses_before', 'usual_addresses'),
    where(
      `$users >= ${SPREAD_USERS} + ${USUAL_FACTOR} * $usual_users && ` +
        `$addresses >= ${SPREAD_ADDRESSES} + ${USUAL_FACTOR} * $usual_addresses`
    ),
  ],
  rows: { from: 'now-1h', question: BLOCKED_LOGINS },
  thresholds: [
    {
      what: `${SPREAD_USERS} users and ${SPREAD_ADDRESSES} addresses within 15 minutes`,
      source: `[Elastic](${ELASTIC}/credential_access_okta_password_spray_multi_source.toml) has the same numbers, and wants 25 attempts`,
    },
    { what: `on top of ${USUAL_FACTOR} × what is usual at that time`, source: USUAL_SOURCE },
  ],
};

const STUFFED_USERS = 15;
const TRIES_EACH = 2;

const stuffing: Rule = {
  id: 'stuffing',
  attack: 'stuffing',
  title: 'Credential stuffing',
  severity: 'warning',
  mitre: 'T1110.004',
  summary: '{{ $values.users }} users were blocked within 15 minutes, with {{ $values.tries }} tries in all.',
  description:
    `Far more users than usual were blocked within 15 minutes, with ${TRIES_EACH} tries each or fewer. That is somebody who ` +
    'tries a list of leaked passwords, one for each account.',
  queries: [now('users', DISTINCT_USERS), now('tries', undefined), usual('users_before', DISTINCT_USERS)],
  steps: [
    peakOf('users_before', 'usual_users'),
    where(`$users >= ${STUFFED_USERS} + ${USUAL_FACTOR} * $usual_users && $tries <= ${TRIES_EACH} * $users`),
  ],
  rows: { from: 'now-1h', question: BLOCKED_LOGINS },
  thresholds: [
    {
      what: `${STUFFED_USERS} users within 15 minutes, ${TRIES_EACH} tries each`,
      source: `[Elastic](${ELASTIC}/credential_access_okta_credential_stuffing_single_source.toml) has the same numbers for one address. Here, all addresses count together and the tries are a mean, because stuffing comes from many addresses and other people fail at the same time`,
    },
    { what: `on top of ${USUAL_FACTOR} × what is usual at that time`, source: USUAL_SOURCE },
  ],
};

const GUESSES = 20;
const GUESS_WINDOW = 10 * MINUTE;

const bruteforceUser: Rule = {
  id: 'bruteforce-user',
  attack: 'bruteforce_user',
  title: 'Brute force on one user',
  severity: 'warning',
  mitre: 'T1110.001',
  summary: '{{ $labels.user_email }} was blocked {{ $values.tries }} times within ten minutes.',
  description:
    `One user was blocked ${GUESSES} times or more within ten minutes, from any number of addresses. That is somebody who ` +
    'guesses the password of this account, or a program that keeps trying with an old session.',
  queries: [
    {
      refId: 'tries',
      from: GUESS_WINDOW,
      question: { ...BLOCKED_LOGINS, groupBy: ['user_email'], having: { operator: '>=', value: GUESSES } },
    },
  ],
  steps: [anyOf('tries')],
  rows: rowsOf('user_email'),
  thresholds: [
    {
      what: `${GUESSES} blocked logins of one user within 10 minutes`,
      source:
        '[Splunk](https://github.com/splunk/security_content/blob/develop/detections/cloud/aws_high_number_of_failed_authentications_for_user.yml) alerts on more than 20 in 10 minutes',
    },
  ],
};

const FAILURES = 10;
const FAILURE_WINDOW = '20m';

const AFTER_FAILURES: Question = {
  queryType: 'access_requests',
  format: 'table',
  sequence: {
    by: ['user_email'],
    steps: [
      { filters: [BLOCKED], atLeast: FAILURES },
      { filters: [outcomeFilter('access_requests', 'accepted'), NO_LOGOUTS] },
    ],
    within: FAILURE_WINDOW,
  },
};

const burstThenSuccess: Rule = {
  id: 'burst-then-success',
  attack: 'burst_then_success',
  title: 'Login after a burst of blocked ones',
  severity: 'critical',
  mitre: 'T1110',
  summary: `{{ $labels.user_email }} signed in after ${FAILURES} or more blocked logins within 20 minutes.`,
  description:
    `A user was blocked ${FAILURES} times or more, and then let in, all within 20 minutes. Either somebody guessed the ` +
    'password, or the right person found it again.',
  queries: [{ refId: 'logins', from: UNTIL_SEALED, question: { ...AFTER_FAILURES, groupBy: ['user_email'] } }],
  steps: [anyOf('logins')],
  rows: rowsOf('user_email', AFTER_FAILURES),
  thresholds: [
    {
      what: `${FAILURES} blocked logins and an allowed one within 20 minutes`,
      source: `[Microsoft Sentinel](${SENTINEL}/Microsoft%20Entra%20ID/Analytic%20Rules/SigninBruteForce-AzurePortal.yaml) has the same numbers`,
    },
  ],
};

export const GUESSING: Rule[] = [spray, distributedSpray, stuffing, bruteforceUser, burstThenSuccess];

/** What was blocked just now, as one number. */
function now(refId: string, measure: Question['measure']): RuleQuery {
  // Without groups, only a measure makes one number of a table.
  const number: Question = measure ? { ...BLOCKED_LOGINS, measure } : { ...BLOCKED_LOGINS, groupBy: ['outcome'] };
  return { refId, from: WIDE_WINDOW, question: number };
}

/** What is blocked at this time of the week as a rule. Buckets stand on the clock, so there are two of them at most. */
function usual(refId: string, measure: Question['measure']): RuleQuery {
  return {
    refId,
    from: WIDE_WINDOW,
    bucket: WIDE_WINDOW,
    question: {
      ...BLOCKED_LOGINS,
      format: 'time_series',
      groupBy: [],
      measure,
      compare: { shift: '7d', times: 4, show: 'baseline' },
    },
  };
}

/** The blocked logins of the alert's user or address, or other rows of it. */
function rowsOf(label: string, question: Question = BLOCKED_LOGINS): Rule['rows'] {
  const filters = [...(question.filters ?? []), { field: label, operator: '=' as const, values: [ofAlert(label)] }];
  return { from: 'now-1h', question: { ...question, filters } };
}
