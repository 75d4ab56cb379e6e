import * as common from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { BAD, COUNT_UNIT, NEUTRAL, fixed, reduced, thresholds } from './style';
import { BLOCKED_LOGINS, DATASOURCE, LOGINS, MANY_GROUPS, target } from './target';

export function logins(): StatPanel {
  return stat('Logins', 'Sign-ins with an identity, allowed and blocked.')
    .withTarget(target({ queryType: 'access_requests', format: 'time_series', filters: LOGINS, groupBy: [] }))
    .maxDataPoints(100)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(reduced('sum'))
    .colorScheme(fixed(NEUTRAL));
}

export function blocked(): StatPanel {
  return stat('Blocked', 'Sign-ins that Access refused.')
    .withTarget(target({ queryType: 'access_requests', format: 'time_series', filters: BLOCKED_LOGINS, groupBy: [] }))
    .maxDataPoints(100)
    .graphMode(common.BigValueGraphMode.Area)
    .reduceOptions(reduced('sum'))
    .colorScheme(fixed(BAD));
}

/** A row an outcome becomes a column an outcome, so that one can be divided by their sum. */
export function blockedShare(): StatPanel {
  return stat('Blocked share', 'Blocked logins in percent of all logins.')
    .withTarget(target({ queryType: 'access_requests', format: 'table', filters: LOGINS, groupBy: ['outcome'] }))
    .withTransformation({ id: 'rowsToFields', options: {} })
    .withTransformation({
      id: 'calculateField',
      options: { mode: 'reduceRow', reduce: { reducer: 'sum' }, alias: 'all', replaceFields: false },
    })
    .withTransformation({
      id: 'calculateField',
      options: {
        mode: 'binary',
        binary: { left: byName('blocked'), operator: '/', right: byName('all') },
        alias: 'Blocked share',
        replaceFields: true,
      },
    })
    .unit('percentunit')
    .decimals(1)
    .noValue('None blocked')
    .thresholds(thresholds(0.1, 0.25))
    .reduceOptions(reduced('lastNotNull'));
}

export function users(): StatPanel {
  return stat('Users', 'Different e-mail addresses that Access let in at least once.')
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: [{ field: 'outcome', operator: '=', values: ['allowed'] }, ...LOGINS],
        groupBy: ['user_email'],
        limit: MANY_GROUPS,
      })
    )
    .reduceOptions(new common.ReduceDataOptionsBuilder().values(false).calcs(['count']).fields('/logins/i'))
    .colorScheme(fixed(NEUTRAL));
}

function stat(title: string, description: string): StatPanel {
  return new StatPanel()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(COUNT_UNIT)
    .text(new common.VizTextDisplayOptionsBuilder().valueSize(40))
    .textMode(common.BigValueTextMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .span(6)
    .height(4);
}

function byName(name: string): { matcher: { id: string; options: string } } {
  return { matcher: { id: 'byName', options: name } };
}
