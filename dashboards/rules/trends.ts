import type { Compare } from '../../src/types';
import { BLOCKED, NO_LOGOUTS, type Question } from '../target';
import { BLOCKED_LOGINS } from './guessing';
import { HOUR, ofAlert, peakOf, where, type Rule, type RuleQuery } from './rule';

/** The last hour, by groups. It ends now, so that a burst is over for the rule when it is an hour old. */
function lastHour(refId: string, question: Question): RuleQuery {
  return { refId, from: HOUR, question: { ...question, format: 'table' } };
}

/** What the same hour had in weeks before. Buckets stand on the clock, so the last hour is in two of them. */
function before(refId: string, question: Question, times: number): RuleQuery {
  const compare: Compare = { shift: '7d', times, show: 'baseline' };
  return { refId, from: HOUR, bucket: HOUR, question: { ...question, format: 'time_series', compare } };
}

const SPIKE = 20;
const SPIKE_FACTOR = 3;
const WEEKS = 4;

const blockedSpike: Rule = {
  id: 'blocked-spike',
  attack: 'blocked_spike',
  title: 'Spike of blocked logins',
  severity: 'warning',
  mitre: 'T1110',
  summary:
    '{{ $values.blocked }} logins were blocked within an hour (usual at this time of the week: {{ printf "%.0f" $values.usual.Value }}).',
  description:
    `Cloudflare Access blocked more than ${SPIKE_FACTOR} times as many logins as in the same hour of the last four weeks, and at ` +
    `least ${SPIKE}. The cause may be an attack, or a policy that has just locked people out.`,
  queries: [
    lastHour('blocked', { ...BLOCKED_LOGINS, groupBy: ['outcome'] }),
    before('blocked_before', { ...BLOCKED_LOGINS, groupBy: [] }, WEEKS),
  ],
  steps: [peakOf('blocked_before', 'usual'), where(`$blocked >= ${SPIKE} && $blocked > ${SPIKE_FACTOR} * $usual`)],
  rows: { from: 'now-2h', question: BLOCKED_LOGINS },
  thresholds: [
    { what: `${SPIKE} blocked logins within an hour`, source: 'Our judgment: fewer are often one person' },
    {
      what: `more than ${SPIKE_FACTOR} × the mean of the same hour in the last four weeks`,
      source:
        'Our judgment: with four weeks to compare, a standard deviation is too uncertain to decide alone. `"show": "deviation"` shows it',
    },
  ],
};

const FAILED = 10;
const FAILED_SHARE = 0.3;
const SHARE_FACTOR = 2;

const BLOCKED_BY_APPLICATION: Question = { ...BLOCKED_LOGINS, groupBy: ['app_name'] };
const LOGINS_BY_APPLICATION: Question = { ...BLOCKED_BY_APPLICATION, filters: [NO_LOGOUTS] };

const appFailureRate: Rule = {
  id: 'app-failure-rate',
  attack: 'app_failure_rate',
  title: 'Application that blocks more than last week',
  severity: 'warning',
  mitre: 'T1110',
  summary: '{{ $labels.app_name }} blocked {{ $values.blocked }} of {{ $values.logins }} logins within an hour.',
  description:
    `An application blocked at least ${FAILED} logins within an hour. They are ${FAILED_SHARE * 100} percent of its logins or ` +
    `more, and at least ${SHARE_FACTOR} times the share of the same hour last week. Either its policies or its login methods ` +
    'have changed, or somebody attacks it.',
  queries: [
    lastHour('blocked', { ...BLOCKED_BY_APPLICATION, having: { operator: '>=', value: FAILED } }),
    lastHour('logins', LOGINS_BY_APPLICATION),
    before('blocked_before', BLOCKED_BY_APPLICATION, 1),
    before('logins_before', LOGINS_BY_APPLICATION, 1),
  ],
  steps: [
    peakOf('blocked_before', 'usual_blocked'),
    peakOf('logins_before', 'usual_logins'),
    // Without a division: an application that nobody used last week has no share to divide.
    where(
      `$blocked >= ${FAILED_SHARE} * $logins && $blocked * $usual_logins >= ${SHARE_FACTOR} * $usual_blocked * $logins`
    ),
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
    { what: `at least ${FAILED_SHARE * 100} percent of its logins`, source: 'Our judgment' },
    {
      what: `at least ${SHARE_FACTOR} × the share of the same hour last week`,
      source: 'Our judgment: some applications always block many',
    },
  ],
};

export const TRENDS: Rule[] = [blockedSpike, appFailureRate];
