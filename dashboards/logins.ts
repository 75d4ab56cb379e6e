import * as common from '@grafana/grafana-foundation-sdk/common';
import { PanelBuilder as BarGaugePanel } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  PanelBuilder as PieChartPanel,
  PieChartLegendOptionsBuilder,
  PieChartLegendValues,
  PieChartType,
} from '@grafana/grafana-foundation-sdk/piechart';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { BAD, GOOD, countedRows, countsOverTime, fixed, fixedOverride } from './style';
import { BLOCKED_LOGINS, DATASOURCE, LOGINS, MANY_GROUPS, target } from './target';

const TOP = 10;

export function loginsByOutcome(): TimeSeriesPanel {
  return countsOverTime('Logins by outcome', 'Sign-ins with an identity. Every bucket but the newest is whole.')
    .datasource(DATASOURCE)
    .withTarget(target({ queryType: 'access_requests', format: 'time_series', filters: LOGINS, groupBy: ['outcome'] }))
    .overrideByRegexp('/allowed/i', fixedOverride(GOOD))
    .overrideByRegexp('/blocked/i', fixedOverride(BAD))
    .span(16)
    .height(9);
}

export function identityProviders(): PieChartPanel {
  return countsPie('Identity providers', 'Logins by the type of the identity provider, allowed and blocked.')
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: LOGINS,
        groupBy: ['connection'],
        limit: MANY_GROUPS,
      })
    )
    .span(8)
    .height(9);
}

/** A ring of the groups of a grouped table. */
export function countsPie(title: string, description: string): PieChartPanel {
  return new PieChartPanel()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit('short')
    .decimals(0)
    .pieType(PieChartType.Donut)
    .reduceOptions(countedRows(TOP))
    .legend(
      new PieChartLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Right)
        .showLegend(true)
        .values([PieChartLegendValues.Value, PieChartLegendValues.Percent])
    );
}

/** The ten largest groups of blocked logins as bars. */
export function blockedBy(title: string, field: string): BarGaugePanel {
  return new BarGaugePanel()
    .title(title)
    .description(`Blocked logins, the ${TOP} largest groups.`)
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: BLOCKED_LOGINS,
        groupBy: [field],
        limit: MANY_GROUPS,
      })
    )
    .unit('short')
    .decimals(0)
    .min(0)
    .colorScheme(fixed(BAD))
    .noValue('None blocked')
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Gradient)
    .valueMode(common.BarGaugeValueMode.Text)
    .namePlacement(common.BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .sizing(common.BarGaugeSizing.Auto)
    .minVizHeight(14)
    .maxVizHeight(28)
    .reduceOptions(countedRows(TOP))
    .span(8)
    .height(10);
}

export function latestBlockedLogins(): TablePanel {
  return new TablePanel()
    .title('Latest blocked logins')
    .description('Newest first. Click a Ray ID to see in Explore what is known of that login.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: 'access_requests',
        format: 'table',
        filters: BLOCKED_LOGINS,
        fields: ['created_at', 'user_email', 'app_name', 'app_domain', 'country', 'ip_address', 'connection', 'ray_id'],
        direction: 'desc',
      })
    )
    .noValue('–')
    .filterable(true)
    .cellHeight(common.TableCellHeight.Sm)
    .span(24)
    .height(10);
}
