import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { defaultGroupBy, eventTypes, outcomeFilter, outcomeOf } from '../catalogue/index';
import type { Filter } from '../src/types';
import { BAD, COUNT_UNIT, NEUTRAL, NO_VALUE, fixed, limits, number, reduced } from './style';
import { BLOCKED_LOGINS, DATASOURCE, LOGINS, MANY_GROUPS, target } from './target';

const SHARE = 'Blocked share';

/** Tables count the time range exactly; the whole buckets of a time series reach a little beyond it. */
export function logins(): StatPanel {
  return stat('Logins', 'Sign-ins with an identity, allowed and blocked.')
    .withTarget(counted(LOGINS))
    .reduceOptions(reduced('sum'))
    .colorScheme(fixed(NEUTRAL));
}

export function blocked(): StatPanel {
  return stat('Blocked', 'Sign-ins that Access refused.')
    .withTarget(counted(BLOCKED_LOGINS))
    .reduceOptions(reduced('sum'))
    .thresholds(limits({ [BAD]: 1 }));
}

/**
 * Turns the rows of the outcomes into columns, because only a column can be divided by the sum of all. The frame that
 * Grafana makes for this loses what the answer says about its coverage. The panel therefore runs the same query once
 * more, which costs nothing and brings the coverage along.
 */
export function blockedShare(): StatPanel {
  const divided = { id: 'byRefId', options: 'rowsToFields-A' };
  const sum = (alias: string, include?: string[]) => ({
    id: 'calculateField',
    filter: divided,
    options: { mode: 'reduceRow', reduce: { reducer: 'sum', include }, alias, replaceFields: false },
  });
  return (
    stat(SHARE, 'Blocked logins as a share of all logins.')
      .withTarget(counted(LOGINS))
      .withTarget(counted(LOGINS, 'B'))
      .withTransformation({ id: 'rowsToFields', filter: { id: 'byRefId', options: 'A' }, options: {} })
      .withTransformation(sum('all'))
      // The sum of one column is 0 if nobody was blocked and the column is missing.
      .withTransformation(sum('refused', [outcomeOf('access_requests').refused]))
      .withTransformation({
        id: 'calculateField',
        filter: divided,
        options: {
          mode: 'binary',
          binary: { left: byName('refused'), operator: '/', right: byName('all') },
          alias: SHARE,
          replaceFields: true,
        },
      })
      .unit('percentunit')
      .decimals(1)
      .thresholds(limits({ orange: 0.1, [BAD]: 0.25 }))
      .reduceOptions(reduced('lastNotNull').fields(`/^${SHARE}$/`))
  );
}

export function users(): StatPanel {
  return stat('Users', 'Different email addresses that Access allowed at least once.')
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: [outcomeFilter('access_requests', 'accepted'), ...LOGINS],
        groupBy: ['user_email'],
        limit: MANY_GROUPS,
      })
    )
    .reduceOptions(
      new common.ReduceDataOptionsBuilder()
        .values(false)
        .calcs(['count'])
        .fields(`/${eventTypes.access_requests.count}/i`)
    )
    .colorScheme(fixed(NEUTRAL));
}

/** A row for each outcome. */
function counted(filters: Filter[], refId?: string): Builder<Dataquery> {
  const queryType = 'access_requests';
  return target({ queryType, format: 'table', filters, groupBy: defaultGroupBy(queryType) }, refId);
}

function stat(title: string, description: string): StatPanel {
  return number(title, description).datasource(DATASOURCE).unit(COUNT_UNIT).noValue(NO_VALUE);
}

function byName(name: string): { matcher: { id: string; options: string } } {
  return { matcher: { id: 'byName', options: name } };
}
