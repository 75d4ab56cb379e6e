import { MapViewConfigBuilder, PanelBuilder as GeomapPanel } from '@grafana/grafana-foundation-sdk/geomap';
import * as common from '@grafana/grafana-foundation-sdk/common';
import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { outcomeFilter } from '../catalogue/index';
import type { Filter } from '../src/types';
import { COUNT_UNIT, fixed, label, NEUTRAL, NO_VALUE, width } from './style';
import { DATASOURCE, MANY_GROUPS, NO_LOGOUTS, OF_APPLICATION, OF_COUNTRY, target } from './target';
import { distinctBy, events, explained, HISTORY, suspects } from './threatsRows';

const QUERY_TYPE = 'access_requests';

/** A blocked login says where the attacker is, not the user. A row without a country would count as one more. */
const SIGNED_IN: Filter[] = [
  outcomeFilter(QUERY_TYPE, 'accepted'),
  NO_LOGOUTS,
  { field: 'country', operator: '!=', values: [''] },
  OF_APPLICATION,
  OF_COUNTRY,
];

const FIRST = { by: ['user_email', 'country'], history: HISTORY };

export function usersInNewCountries(): StatPanel {
  return suspects(
    'Users in a new country',
    'Users whom Access allowed from a country from which it had not allowed them in the 14 days before.',
    {
      queryType: QUERY_TYPE,
      format: 'table',
      filters: SIGNED_IN,
      firstSeen: FIRST,
      measure: { type: 'distinct', field: 'user_email' },
    }
  );
}

/** Grafana's own outlines of the countries lie above the base map, because tiles come from a server that not everybody reaches. */
export function usersByCountry(): GeomapPanel {
  const outlines = {
    type: 'geojson',
    name: 'Countries',
    config: {
      src: 'public/maps/countries.geojson',
      style: { color: { fixed: '#8e8e8e' }, opacity: 0.15, lineWidth: 1 },
      rules: [],
    },
  };
  const circles = {
    type: 'markers',
    name: 'Users',
    location: {
      mode: common.FrameGeometrySourceMode.Lookup,
      lookup: label(QUERY_TYPE, 'country'),
      gazetteer: 'public/gazetteer/countries.json',
    },
    config: {
      showLegend: false,
      style: {
        size: { field: 'Users', fixed: 5, min: 6, max: 26 },
        color: { fixed: NEUTRAL },
        opacity: 0.6,
        symbol: { mode: 'fixed', fixed: 'img/icons/marker/circle.svg' },
        text: { mode: 'field', field: label(QUERY_TYPE, 'country'), fixed: '' },
        textConfig: { fontSize: 11, textAlign: 'center', textBaseline: 'middle', offsetX: 0, offsetY: 0 },
      },
    },
    tooltip: true,
  };
  return new GeomapPanel()
    .title('Users by country')
    .description('Different users whom Access allowed, by country.')
    .datasource(DATASOURCE)
    .withTarget(
      target({
        queryType: QUERY_TYPE,
        format: 'table',
        filters: SIGNED_IN,
        groupBy: ['country'],
        measure: { type: 'distinct', field: 'user_email' },
        limit: MANY_GROUPS,
      })
    )
    .unit(COUNT_UNIT)
    .colorScheme(fixed(NEUTRAL))
    .noValue(NO_VALUE)
    .overrideByFieldType('number', [{ id: 'displayName', value: 'Users' }])
    .view(new MapViewConfigBuilder().id('coords').lat(25).lon(10).zoom(1.6).allLayers(true))
    .layers([outlines, circles].map((layer) => ({ build: () => layer })))
    .span(14)
    .height(11);
}

export function countriesByUser(): TablePanel {
  return distinctBy(
    'Users in many countries',
    'Users whom Access allowed from two different countries or more, the one with the most countries first.',
    'Countries',
    {
      queryType: QUERY_TYPE,
      filters: SIGNED_IN,
      groupBy: ['user_email'],
      measure: { type: 'distinct', field: 'country' },
      having: { operator: '>=', value: 2 },
    }
  )
    .span(10)
    .height(11);
}

export function newCountries(explanation: string): TablePanel {
  return events(
    'First logins from a country',
    'Logins from a country from which Access had not allowed the user in the 14 days before.',
    {
      queryType: QUERY_TYPE,
      filters: SIGNED_IN,
      firstSeen: FIRST,
      fields: ['created_at', 'user_email', 'country', 'ray_id', 'app_name', 'ip_address'],
    }
  )
    .overrideByName(label(QUERY_TYPE, 'created_at'), width(165))
    .overrideByName(label(QUERY_TYPE, 'country'), width(95))
    .overrideByName(label(QUERY_TYPE, 'ray_id'), explained(explanation))
    .height(8);
}
