import { stringify } from 'yaml';
import { defaultGroupBy } from '../catalogue/index';
import { BLOCKED, PLUGIN_ID, PROVISIONED, type Question } from './target';

/** More blocked logins than this in five minutes are a spike. */
const SPIKE = 20;
const BUCKET_SECONDS = 5 * 60;
const LOOK_BACK_SECONDS = 3 * 3600;

export const BLOCKED_OVER_TIME: Question = {
  queryType: 'access_requests',
  format: 'time_series',
  filters: [BLOCKED],
  groupBy: defaultGroupBy('access_requests'),
};

const HEADER = `# Made by npm run generate from dashboards/alerts.ts. Change that file, not this one.
# Adapt this rule to your organization: ${SPIKE} blocked logins in five minutes are few for a large one and many for a small one.
`;

/** The provisioning file with the example rule. Grafana doesn't expand variables of its environment in annotations, so $values stays as it is. */
export function alertRules(dashboardUid: string, panelId: number): string {
  const group = {
    orgId: 1,
    name: 'Cloudflare Access',
    folder: 'Cloudflare Access',
    interval: '1m',
    rules: [
      {
        uid: 'cfaccess-blocked-spike',
        title: 'Spike of blocked logins',
        condition: 'spike',
        for: '0s',
        // A series without events consists of zeros, so "no data" is as much a fault as an error is.
        noDataState: 'Alerting',
        execErrState: 'Error',
        dashboardUid,
        panelId,
        labels: { severity: 'warning' },
        annotations: {
          summary: '{{ $values.peak.Value }} blocked logins within five minutes.',
          description:
            'In one of the five-minute buckets of the last three hours, Cloudflare Access blocked more than ' +
            `${SPIKE} logins. The cause may be a password spray or a policy that has just locked people out.`,
          __dashboardUid__: dashboardUid,
          __panelId__: String(panelId),
        },
        data: [blockedLogins(), peak(), spike()],
      },
    ],
  };
  return (
    HEADER +
    stringify(
      { apiVersion: 1, groups: [group] },
      { lineWidth: 0, defaultStringType: 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' }
    )
  );
}

function blockedLogins() {
  return {
    refId: 'blocked',
    datasourceUid: PROVISIONED.uid,
    relativeTimeRange: { from: LOOK_BACK_SECONDS, to: 0 },
    model: {
      refId: 'blocked',
      datasource: { type: PLUGIN_ID, uid: PROVISIONED.uid },
      ...BLOCKED_OVER_TIME,
      intervalMs: BUCKET_SECONDS * 1000,
      maxDataPoints: LOOK_BACK_SECONDS / BUCKET_SECONDS,
    },
  };
}

function peak() {
  return expression('peak', { type: 'reduce', expression: 'blocked', reducer: 'max', settings: { mode: '' } });
}

function spike() {
  const conditions = [{ evaluator: { type: 'gt', params: [SPIKE] } }];
  return expression('spike', { type: 'threshold', expression: 'peak', conditions });
}

function expression(refId: string, model: object) {
  return {
    refId,
    datasourceUid: '__expr__',
    relativeTimeRange: { from: 0, to: 0 },
    model: { refId, datasource: { type: '__expr__', uid: '__expr__' }, ...model },
  };
}
