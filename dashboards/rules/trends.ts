import { BLOCKED, NO_LOGOUTS, type Question } from '../target';
import { BLOCKED_LOGINS } from './guessing';
import { HOUR, ofAlert, peakOf, UNTIL_SEALED, type Rule, type RuleQuery } from './rule';

/** Buckets of an hour that events of the last minutes are in: until a quarter past, the hour before is one of them. */
function hourly(refId: string, question: Question): RuleQuery {
  return { refId, from: UNTIL_SEALED, bucket: HOUR, question: { ...question, format: 'time_series' } };
}

const SPIKE = 20;
const SPIKE_FACTOR = 3;
const MONTH = { shift: '7d', times: 4 };

const ALL_BLOCKED: Question = { ...BLOCKED_LOGINS, groupBy: [] };

const blockedSpike: Rule = {
  id: 'blocked-spike',
  attack: 'blocked_spike',
  title: 'Spike of blocked logins',
  severity: 'warning',
  mitre: 'T1110',
  summary:
    '{{ $values.most }} logins were blocked within an hour. Usual at this time of the week are {{ printf "%.0f" $values.usual.Value }}.',
  description:
    `Cloudflare Access blocked more than ${SPIKE_FACTOR} times as many logins as in the same hour of the last four weeks, and at ` +
    `least ${SPIKE}. The cause may be an attack, or a policy that has just locked people out.`,
  queries: [
    hourly('blocked', { ...ALL_BLOCKED, compare: { ...MONTH, show: 'value' } }),
    hourly('blocked_before', { ...ALL_BLOCKED, compare: { ...MONTH, show: 'baseline' } }),
  ],
  steps: [
    peakOf('blocked', 'most'),
    peakOf('blocked_before', 'usual'),
    {
      refId: 'spikes',
      type: 'math',
      expression: `$blocked >= ${SPIKE} && $blocked > ${SPIKE_FACTOR} * $blocked_before`,
    },
    peakOf('spikes', 'found'),
  ],
  rows: { from: 'now-2h', question: BLOCKED_LOGINS },
  thresholds: [
    { what: `${SPIKE} blocked logins within an hour`, source: 'Our judgment: fewer are often one person' },
    {
      what: `${SPIKE_FACTOR} × the mean of the same hour in the last four weeks`,
      source:
        'Our judgment: with four weeks to compare, a standard deviation is too uncertain to decide alone. Look at it with `"show": "deviation"`',
    },
  ],
};

const FAILED = 10;
const FAILED_SHARE = 0.3;
const SHARE_FACTOR = 2;
const WEEK = { shift: '7d', times: 1 };

const BY_APPLICATION: Question = { queryType: 'access_requests', groupBy: ['app_name'] };

const appFailureRate: Rule = {
  id: 'app-failure-rate',
  attack: 'app_failure_rate',
  title: 'Application that blocks more than last week',
  severity: 'warning',
  mitre: 'T1110',
  summary: '{{ $labels.app_name }} blocked {{ $values.most }} of its logins within an hour.',
  description:
    `An application blocked at least ${FAILED} logins within an hour. They are ${FAILED_SHARE * 100} percent of its logins or ` +
    `more, and at least ${SHARE_FACTOR} times the share of the same hour last week. Either its policies or its login methods ` +
    'have changed, or somebody attacks it.',
  queries: [
    hourly('blocked', { ...BY_APPLICATION, filters: [BLOCKED], compare: { ...WEEK, show: 'value' } }),
    hourly('blocked_before', { ...BY_APPLICATION, filters: [BLOCKED], compare: { ...WEEK, show: 'baseline' } }),
    hourly('logins', { ...BY_APPLICATION, filters: [NO_LOGOUTS], compare: { ...WEEK, show: 'value' } }),
    hourly('logins_before', { ...BY_APPLICATION, filters: [NO_LOGOUTS], compare: { ...WEEK, show: 'baseline' } }),
  ],
  steps: [
    peakOf('blocked', 'most'),
    {
      refId: 'failures',
      type: 'math',
      // Without a division: an application that nobody used last week has no share to divide.
      expression:
        `$blocked >= ${FAILED} && $blocked >= ${FAILED_SHARE} * $logins && ` +
        `$blocked * $logins_before >= ${SHARE_FACTOR} * $blocked_before * $logins`,
    },
    peakOf('failures', 'found'),
  ],
  rows: {
    from: 'now-2h',
    question: {
      ...BLOCKED_LOGINS,
      filters: [BLOCKED, { field: 'app_name', operator: '=', values: [ofAlert('app_name')] }],
    },
  },
  thresholds: [
    {
      what: `${FAILED} blocked logins of one application within an hour`,
      source: 'Our judgment: fewer are often one person',
    },
    { what: `${FAILED_SHARE * 100} percent of its logins`, source: 'Our judgment' },
    { what: `${SHARE_FACTOR} × the share of last week`, source: 'Our judgment: some applications always block many' },
  ],
};

export const TRENDS: Rule[] = [blockedSpike, appFailureRate];
