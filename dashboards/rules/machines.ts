import type { Filter } from '../../src/types';
import type { Question } from '../target';
import { anyOf, MINUTE, ofAlert, type Rule } from './rule';

/** The GraphQL Analytics API shows events later than the logs do: a third party measured more than 14 minutes. */
const LOOK_BACK = 30 * MINUTE;

const TOKEN_LOGINS: Question = {
  queryType: 'login_groups',
  format: 'table',
  filters: [{ field: 'serviceTokenId', operator: '!=', values: [''] }],
};

const tokenNewAddress: Rule = {
  id: 'token-new-address',
  attack: 'token_new_address',
  title: 'Service token at a new address',
  severity: 'warning',
  mitre: 'T1550.001',
  summary:
    'The service token {{ $labels.serviceTokenName }} was used from {{ $labels.ipAddress }} ({{ $labels.country }}) for the first time in 14 days.',
  description:
    'A service token was used from an address or a country from which it has not been used for 14 days. Machines rarely move: ' +
    'somebody may have copied the token, or a job runs on a new machine.',
  queries: [
    {
      refId: 'logins',
      from: LOOK_BACK,
      question: {
        ...TOKEN_LOGINS,
        groupBy: ['serviceTokenName', 'ipAddress', 'country'],
        // Names can be given again, IDs cannot.
        firstSeen: { by: ['serviceTokenId', 'ipAddress', 'country'], history: '14d' },
      },
    },
  ],
  steps: [anyOf('logins')],
  rows: {
    from: 'now-24h',
    question: {
      ...TOKEN_LOGINS,
      fields: ['datetime', 'outcome', 'serviceTokenName', 'ipAddress', 'country', 'app_name', 'cfRayId'],
      filters: [
        { field: 'serviceTokenName', operator: '=', values: [ofAlert('serviceTokenName')] },
        { field: 'ipAddress', operator: '=', values: [ofAlert('ipAddress')] },
      ],
    },
  },
  thresholds: [
    {
      what: 'An address or a country that the token was not used from for 14 days',
      source: 'Our judgment: the same history as for countries of users',
    },
  ],
};

/** Everything but a certificate that was accepted and none at all. */
const FAILED_CERTIFICATE: Filter = { field: 'mtlsStatus', operator: '!=', values: ['', 'NONE', 'SUCCESS'] };
const FAILED_CERTIFICATES = 5;

const mtlsFailures: Rule = {
  id: 'mtls-failures',
  attack: 'mtls_failures',
  title: 'Client certificates that fail',
  severity: 'warning',
  mitre: 'T1649',
  summary:
    '{{ $values.logins }} client certificates failed at {{ $labels.app_name }} within 30 minutes: {{ $labels.mtlsStatus }}.',
  description:
    'Cloudflare refused client certificates at an application again and again, for the same reason. A machine has an expired ' +
    'certificate, or somebody tries a certificate that you did not issue.',
  queries: [
    {
      refId: 'logins',
      from: LOOK_BACK,
      question: {
        queryType: 'login_groups',
        format: 'table',
        filters: [FAILED_CERTIFICATE],
        groupBy: ['app_name', 'mtlsStatus'],
        having: { operator: '>=', value: FAILED_CERTIFICATES },
      },
    },
  ],
  steps: [anyOf('logins')],
  rows: {
    from: 'now-3h',
    question: {
      queryType: 'login_groups',
      format: 'table',
      fields: ['datetime', 'app_name', 'mtlsStatus', 'mtlsCommonName', 'mtlsCertSerialId', 'ipAddress', 'country'],
      filters: [FAILED_CERTIFICATE, { field: 'app_name', operator: '=', values: [ofAlert('app_name')] }],
    },
  },
  thresholds: [
    {
      what: `${FAILED_CERTIFICATES} failures at one application within 30 minutes`,
      source: 'Our judgment: a browser with the wrong certificate tries a few times, a machine keeps trying',
    },
  ],
};

/** Days left. The upper one is when to act, the lower one when nobody will anymore. */
const SOON = 14;
const OVER = -7;

const EXPIRY_SOURCE = {
  what: `Expires within ${SOON} days`,
  source:
    '[Cloudflare](https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/) can notify a week before a service token expires. We take two, because someone has to bring the new one to the machine',
};

function expiring(
  rule: Pick<Rule, 'id' | 'title' | 'summary' | 'description'>,
  queryType: 'service_tokens' | 'certificates'
): Rule {
  const inventory: Question = { queryType, format: 'table', fields: ['name', 'days_left'] };
  return {
    ...rule,
    attack: 'token_expiring',
    severity: 'warning',
    mitre: 'none',
    queries: [{ refId: 'days_left', from: MINUTE, question: inventory }],
    steps: [
      {
        refId: 'soon',
        type: 'threshold',
        expression: 'days_left',
        conditions: [{ evaluator: { type: 'within_range', params: [OVER, SOON] } }],
      },
    ],
    rows: { from: 'now-1h', question: { ...inventory, fields: [] } },
    thresholds: [
      EXPIRY_SOURCE,
      {
        what: `or expired less than ${-OVER} days ago`,
        source: 'Our judgment: what expired earlier was most likely given up',
      },
    ],
  };
}

const tokenExpiring = expiring(
  {
    id: 'token-expiring',
    title: 'Service token about to expire',
    summary: 'The service token {{ $labels.name }} expires in {{ printf "%.0f" $values.days_left.Value }} days.',
    description: 'From then on, Access refuses the token, and whatever uses it stops.',
  },
  'service_tokens'
);

const certificateExpiring = expiring(
  {
    id: 'certificate-expiring',
    title: 'Client certificate authority about to expire',
    summary: 'The certificate {{ $labels.name }} expires in {{ printf "%.0f" $values.days_left.Value }} days.',
    description: 'From then on, Access refuses every client certificate that it has signed.',
  },
  'certificates'
);

export const MACHINES: Rule[] = [tokenNewAddress, mtlsFailures];
export const EXPIRING: Rule[] = [tokenExpiring, certificateExpiring];
