import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { GAUGE_CELL } from './logins';
import { BAD, COUNT_UNIT, fixed, leastWidth, limits, NO_VALUE, number, reduced } from './style';
import { DATASOURCE, MANY_GROUPS, target, type Question } from './target';

/** How long a country or an address must not have been seen to be a new one. */
export const HISTORY = '14d';

/** One number that should be 0, which the data source counts. */
export function suspects(title: string, description: string, question: Question): StatPanel {
  return number(title, description)
    .datasource(DATASOURCE)
    .unit(COUNT_UNIT)
    .noValue(NO_VALUE)
    .withTarget(target(question))
    .reduceOptions(reduced('sum'))
    .thresholds(limits({ [BAD]: 1 }));
}

/** Events, newest first, each with a link to the dashboard that explains it. */
export function events(title: string, description: string, question: Question): TablePanel {
  return new TablePanel()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .withTarget(target({ format: 'table', ...question }))
    .noValue(NO_VALUE)
    .filterable(true)
    .cellHeight(common.TableCellHeight.Sm)
    .span(24)
    .height(6);
}

/** Groups by how many different values each has, most first, with a bar each. `counted` names what is counted. */
export function distinctBy(title: string, description: string, counted: string, question: Question): TablePanel {
  return new TablePanel()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .withTarget(target({ format: 'table', limit: MANY_GROUPS, ...question }))
    .unit(COUNT_UNIT)
    .min(0)
    .colorScheme(fixed(BAD))
    .noValue(NO_VALUE)
    .overrideByFieldType('string', [{ id: 'noValue', value: '(none)' }])
    .overrideByFieldType('number', [
      ...leastWidth(90),
      { id: 'custom.cellOptions', value: GAUGE_CELL },
      { id: 'displayName', value: counted },
    ])
    .cellHeight(common.TableCellHeight.Sm);
}

/** On a column of Ray IDs: the dashboard with this uid, which explains the login. It comes before the links into Explore. */
export function explained(explanation: string): DynamicConfigValue[] {
  const url = `/d/${explanation}?\${datasource:queryparam}&var-ray_id=\${__value.raw}&\${__url_time_range}`;
  return [{ id: 'links', value: [{ title: 'Why? On a dashboard to share', url }] }];
}
