import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  TextBoxVariableBuilder,
  type Dashboard,
  type DynamicConfigValue,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { numbered, siblings, TAGS } from './account';
import { label, leastWidth, NO_VALUE, width } from './style';
import { DATASOURCE, target } from './target';
import { dataSourceVariable } from './variables';

const QUERY_TYPE = 'explain';

/** Explains one login. Made to be linked to from a ticket: the Ray ID is in the address, as `var-ray_id`. */
export function why(uid: string): Dashboard {
  const builder = new DashboardBuilder('Why was this login blocked?')
    .uid(uid)
    .description('What Cloudflare Access decided about the login with a Ray ID, by which policy, and which rule.')
    .tags(TAGS)
    .link(siblings())
    .editable()
    .timezone('browser')
    .time({ from: 'now-24h', to: 'now' })
    .withVariable(dataSourceVariable())
    .withVariable(
      new TextBoxVariableBuilder('ray_id')
        .label('Ray ID')
        .description('From the block page. You can paste the whole page.')
        .defaultValue('')
    );
  [verdict(), login(), checks(), timeline()].forEach((panel) => builder.withPanel(panel));
  return numbered(builder.build());
}

function part(title: string, description: string, name: string): TablePanel {
  return new TablePanel()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: QUERY_TYPE,
        format: 'table',
        filters: [{ field: 'ray_id', operator: '=', values: ['$ray_id'] }],
        part: name,
      })
    )
    .noValue(NO_VALUE)
    .cellHeight(common.TableCellHeight.Sm)
    .span(24);
}

function verdict(): TablePanel {
  // On a phone, the first column is what is seen.
  const shown = ['reason', 'next_step', 'verdict', 'certainty'];
  return columns(part('Verdict', 'What Access decided, and why.', 'verdict'), shown, 'only')
    .noValue('Paste the Ray ID of a block page into the box above. You can paste the whole page.')
    .overrideByRegexp('.*', [{ id: 'noValue', value: NO_VALUE }])
    .overrideByName(label(QUERY_TYPE, 'reason'), leastWidth(330))
    .overrideByName(label(QUERY_TYPE, 'next_step'), width(320))
    .height(8);
}

function login(): TablePanel {
  const shown = ['time', 'ray_id', 'user_email', 'app_name', 'outcome', 'policy_name', 'rule', 'as_of'];
  return columns(
    part('Login', 'What was logged, and the policy and the configuration that it was judged by.', 'verdict'),
    // The name of the policy links by its ID, which the data source hides.
    [...shown, 'policy_id'],
    'only'
  )
    .overrideByName(label(QUERY_TYPE, 'app_name'), leastWidth(130))
    .overrideByName(label(QUERY_TYPE, 'rule'), leastWidth(130))
    .height(5);
}

function checks(): TablePanel {
  // The result comes early, because a phone shows only the first columns.
  const first = ['order', 'result', 'policy_name', 'section', 'rule', 'wanted', 'seen', 'note', 'decision'];
  return columns(
    part(
      'Checks',
      'Each rule of the policies, in the order in which Access evaluates them. What decided stands out.',
      'checks'
    ),
    first
  )
    .overrideByName(label(QUERY_TYPE, 'policy_name'), leastWidth(130))
    .overrideByName(label(QUERY_TYPE, 'wanted'), leastWidth(120))
    .overrideByName(label(QUERY_TYPE, 'seen'), leastWidth(240))
    .overrideByName(label(QUERY_TYPE, 'source'), [...width(145), ...WRAPPED])
    .height(18);
}

function timeline(): TablePanel {
  return columns(
    part(
      'Timeline',
      'What the same user, or without a user the same address, did within an hour of the login, and what changed in the configuration in the week before it.',
      'timeline'
    ),
    ['time', 'title', 'outcome', 'what']
  )
    .overrideByName(label(QUERY_TYPE, 'title'), leastWidth(170))
    .height(12);
}

const WRAPPED: DynamicConfigValue[] = [
  { id: 'custom.cellOptions', value: { type: 'auto', wrapText: true } },
  { id: 'custom.wrapText', value: true },
];

/** Puts these columns first, in this order; `only` leaves out all others. */
function columns(panel: TablePanel, names: string[], only?: 'only'): TablePanel {
  const indexByName = Object.fromEntries(names.map((name, index) => [label(QUERY_TYPE, name), index]));
  const includeByName = only && Object.fromEntries(names.map((name) => [label(QUERY_TYPE, name), true]));
  return panel.withTransformation({ id: 'organize', options: { indexByName, ...(only && { includeByName }) } });
}
