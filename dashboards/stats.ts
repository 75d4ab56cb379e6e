import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { Filter } from '../src/types';
import { BAD, COUNT_UNIT, NEUTRAL, NO_VALUE, fixed, limits, reduced } from './style';
import { BLOCKED_LOGINS, DATASOURCE, LOGINS, MANY_GROUPS, target } from './target';

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

/** A row an outcome becomes a column an outcome, so that one can be divided by their sum. */
export function blockedShare(): StatPanel {
  return stat('Blocked share', 'Blocked logins in percent of all logins.')
    .withTarget(counted(LOGINS))
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
    .thresholds(limits({ orange: 0.1, [BAD]: 0.25 }))
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

/** A row for each outcome. */
function counted(filters: Filter[]): Builder<Dataquery> {
  return target({ queryType: 'access_requests', format: 'table', filters, groupBy: ['outcome'] });
}

function stat(title: string, description: string): StatPanel {
  return new StatPanel()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(COUNT_UNIT)
    .noValue(NO_VALUE)
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
