import { catalogue, outcomeFilter, type EventTypeName } from '../../catalogue/index';
import { CONFIGURATION_CHANGED } from '../../src/annotations/presets';
import type { Question } from '../target';
import { anyOf, HOUR, ofAlert, UNTIL_SEALED, type Rule } from './rule';

const FAILED_UPDATES = 3;
const FAILED_SCIM: Question = {
  queryType: 'scim_updates',
  format: 'table',
  filters: [outcomeFilter('scim_updates', 'refused')],
};

const scimFailures: Rule = {
  id: 'scim-failures',
  attack: 'scim_failures',
  title: 'SCIM updates that fail',
  severity: 'warning',
  mitre: 'T1078.004',
  summary: '{{ $values.updates }} SCIM updates of {{ $labels.idp_name }} failed within an hour.',
  description:
    'Cloudflare could not apply updates of an identity provider. As long as they fail, people who left can keep their access, ' +
    'and new people have none.',
  queries: [
    {
      refId: 'updates',
      from: HOUR,
      question: { ...FAILED_SCIM, groupBy: ['idp_name'], having: { operator: '>=', value: FAILED_UPDATES } },
    },
  ],
  steps: [anyOf('updates')],
  rows: {
    from: 'now-3h',
    question: {
      ...FAILED_SCIM,
      filters: [...(FAILED_SCIM.filters ?? []), { field: 'idp_name', operator: '=', values: [ofAlert('idp_name')] }],
    },
  },
  thresholds: [
    {
      what: `${FAILED_UPDATES} failures of one identity provider within an hour`,
      source:
        'Our judgment: a single update fails now and then and is sent again. An hour covers a cycle of [Microsoft Entra ID](https://learn.microsoft.com/en-us/entra/identity/app-provisioning/how-provisioning-works), which takes 20 to 40 minutes',
    },
  ],
};

const { queryType, filters } = CONFIGURATION_CHANGED.query;
const CHANGES: Question = { queryType, filters, format: 'table' };

const accessChanged: Rule = {
  id: 'access-changed',
  attack: 'access_changed',
  title: 'Access configuration changed',
  severity: 'info',
  mitre: 'T1556.009',
  summary:
    '{{ $labels.actor_email }} changed Access: {{ $labels.action }} {{ $labels.resource_type }} {{ $labels.resource_name }}.',
  description:
    'Somebody changed an application, a policy, a group, or another part of Access. Compare it with your planned changes: a ' +
    'policy that lets everybody in looks the same in the log as one that does not.',
  queries: [
    {
      refId: 'changes',
      from: UNTIL_SEALED,
      question: { ...CHANGES, groupBy: ['actor_email', 'action', 'resource_type', 'resource_name'] },
    },
  ],
  steps: [anyOf('changes')],
  rows: {
    from: 'now-24h',
    question: {
      ...CHANGES,
      filters: [...(filters ?? []), { field: 'resource_name', operator: '=', values: [ofAlert('resource_name')] }],
    },
  },
  thresholds: [
    {
      what: 'Every change that succeeded',
      source: 'Our judgment: few people may change Access, and each change decides who gets in',
    },
  ],
};

/** What the other rules read. Each of them has an alert of its own, because a token may not reach all of it. */
const WATCHED: EventTypeName[] = ['access_requests', 'login_groups', 'scim_updates', 'access_changes'];

/**
 * A rule that is never true: an answer that is not complete is an error for an alert rule, and here an error alerts. The other
 * rules go to the state Error with it, and say in their own words that they cannot see.
 */
function incomplete(queryType: EventTypeName): Rule {
  const { title, count, noun } = catalogue[queryType] as Required<(typeof catalogue)[EventTypeName]>;
  return {
    id: `incomplete-${queryType.replaceAll('_', '-')}`,
    attack: 'incomplete',
    title: `${title} cannot be read completely`,
    severity: 'critical',
    mitre: 'T1562.008',
    summary: `${title} of the last 15 minutes cannot be read completely.`,
    description:
      `Cloudflare refuses ${noun.many}, delivers a part of them, or cannot be reached. Until this ends, no rule on ${title} ` +
      'can alert. The annotation "Error" says why.',
    queries: [
      {
        refId: count,
        from: UNTIL_SEALED,
        bucket: UNTIL_SEALED,
        question: { queryType, format: 'time_series', groupBy: [] },
      },
    ],
    steps: [
      { refId: 'most', type: 'reduce', expression: count, reducer: 'max' },
      { refId: 'never', type: 'math', expression: '$most < 0' },
    ],
    rows: { from: 'now-1h', question: { queryType, format: 'time_series' } },
    thresholds: [
      {
        what: 'No complete answer for 5 minutes',
        source:
          'Our judgment: Grafana tries each evaluation three times, so a fault of five minutes is more than a hiccup',
      },
    ],
    pending: '5m',
    blind: 'Alerting',
  };
}

export const ACCOUNT: Rule[] = [scimFailures, accessChanged];
export const BLINDNESS: Rule[] = WATCHED.map(incomplete);
