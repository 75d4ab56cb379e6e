import * as common from '@grafana/grafana-foundation-sdk/common';
import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import type { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { outcomeFilter } from '../catalogue/index';
import { BAD, countsOverTime, dashed, fixedOverride, label, leastWidth, NEUTRAL, reduced, width } from './style';
import {
  BLOCKED,
  BLOCKED_LOGINS,
  DATASOURCE,
  NO_LOGOUTS,
  OF_APPLICATION,
  OF_COUNTRY,
  target,
  type Question,
} from './target';
import { distinctBy, events, explained, suspects } from './threatsRows';

const QUERY_TYPE = 'access_requests';
const MANY_USERS = 15;
const FAILURES = 10;

const DISTINCT_USERS = { type: 'distinct', field: 'user_email' } as const;

const AFTER_BURST: Question = {
  queryType: QUERY_TYPE,
  format: 'table',
  filters: [OF_APPLICATION, OF_COUNTRY],
  sequence: {
    by: ['user_email'],
    steps: [
      { filters: [BLOCKED], atLeast: FAILURES },
      { filters: [outcomeFilter(QUERY_TYPE, 'accepted'), NO_LOGOUTS] },
    ],
    within: '20m',
  },
};

export function addressesWithManyUsers(): StatPanel {
  return suspects(
    'Spraying addresses',
    `Addresses that were blocked as ${MANY_USERS} different users or more. An office behind one address is one of them if a policy has just locked people out.`,
    {
      queryType: QUERY_TYPE,
      format: 'table',
      filters: BLOCKED_LOGINS,
      groupBy: ['ip_address'],
      measure: DISTINCT_USERS,
      having: { operator: '>=', value: MANY_USERS },
    }
  ).reduceOptions(reduced('count').fields('/Distinct/'));
}

export function usersInAfterBursts(): StatPanel {
  return suspects(
    'Users in after a burst',
    `Users whom Access allowed after it had blocked them ${FAILURES} times or more within 20 minutes.`,
    { ...AFTER_BURST, measure: DISTINCT_USERS }
  );
}

export function blockedAgainstUsual(): TimeSeriesPanel {
  return (
    countsOverTime(
      'Blocked logins against the last four weeks',
      'The line is the mean of the same time in the last four weeks.'
    )
      .datasource(DATASOURCE)
      .withTarget(
        target({
          queryType: QUERY_TYPE,
          format: 'time_series',
          filters: BLOCKED_LOGINS,
          groupBy: [],
          compare: { shift: '7d', times: 4 },
        })
      )
      .overrideByName('Logins', [...fixedOverride(BAD), { id: 'displayName', value: 'Blocked' }])
      .overrideByName('Baseline', [
        ...fixedOverride(NEUTRAL),
        ...dashed(),
        { id: 'displayName', value: 'Usual' },
        { id: 'decimals', value: 1 },
        { id: 'custom.drawStyle', value: common.GraphDrawStyle.Line },
        { id: 'custom.lineWidth', value: 2 },
        { id: 'custom.stacking', value: { mode: common.StackingMode.None, group: 'A' } },
      ])
      // In the tooltip: it has another scale.
      .overrideByName('Deviation', [
        { id: 'displayName', value: 'Standard deviations above' },
        { id: 'decimals', value: 1 },
        { id: 'custom.hideFrom', value: { viz: true, legend: true, tooltip: false } },
      ])
      .span(24)
      .height(8)
  );
}

export function usersByAddress(): TablePanel {
  return distinctBy(
    'Users tried from each address',
    'Addresses that were blocked as two different users or more, the one with the most users first.',
    'Users',
    {
      queryType: QUERY_TYPE,
      filters: BLOCKED_LOGINS,
      groupBy: ['ip_address', 'country'],
      measure: DISTINCT_USERS,
      having: { operator: '>=', value: 2 },
    }
  )
    .overrideByName(label(QUERY_TYPE, 'ip_address'), leastWidth(115))
    .overrideByName(label(QUERY_TYPE, 'country'), width(80))
    .span(8)
    .height(11);
}

export function loginsAfterBursts(explanation: string): TablePanel {
  return events(
    'Logins after a burst of blocked ones',
    `Logins that Access allowed after it had blocked the same user ${FAILURES} times or more within 20 minutes, and when that began.`,
    {
      ...AFTER_BURST,
      fields: ['created_at', 'user_email', 'ray_id', 'app_name', 'ip_address'],
    }
  )
    .overrideByName(label(QUERY_TYPE, 'created_at'), width(165))
    .overrideByName(label(QUERY_TYPE, 'ray_id'), explained(explanation))
    .overrideByName(label(QUERY_TYPE, 'app_name'), leastWidth(110))
    .overrideByName(label(QUERY_TYPE, 'ip_address'), leastWidth(115))
    .overrideByName('Sequence start', [...width(165), { id: 'displayName', value: 'Burst since' }])
    .overrideByName('Sequence events', [...width(90), { id: 'displayName', value: 'Attempts' }]);
}
