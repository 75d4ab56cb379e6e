import type { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import type { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { CONFIGURATION_CHANGED } from '../src/annotations/presets';
import type { Filter } from '../src/types';
import { label, leastWidth, width, wrapped } from './style';
import { OF_APPLICATION, OF_COUNTRY } from './target';
import { events, explained, HISTORY, suspects } from './threatsRows';

const QUERY_TYPE = 'login_groups';

const OF_TOKENS: Filter[] = [{ field: 'serviceTokenId', operator: '!=', values: [''] }, OF_APPLICATION, OF_COUNTRY];

const FIRST = { by: ['serviceTokenId', 'ipAddress'], history: HISTORY };

export function movedTokens(): StatPanel {
  return suspects(
    'Moved service tokens',
    'Service tokens that were used from an address from which they had not been used in the 14 days before.',
    {
      queryType: QUERY_TYPE,
      format: 'table',
      filters: OF_TOKENS,
      firstSeen: FIRST,
      measure: { type: 'distinct', field: 'serviceTokenId' },
    }
  );
}

export function tokensAtNewAddresses(explanation: string): TablePanel {
  return events(
    'First logins of a service token from an address',
    'Logins from an address from which the service token had not been used in the 14 days before. From the GraphQL Analytics API, which can sample.',
    {
      queryType: QUERY_TYPE,
      filters: OF_TOKENS,
      firstSeen: FIRST,
      fields: ['datetime', 'outcome', 'serviceTokenName', 'ipAddress', 'country', 'app_name', 'cfRayId'],
    }
  )
    .overrideByName(label(QUERY_TYPE, 'datetime'), width(165))
    .overrideByName(label(QUERY_TYPE, 'outcome'), width(90))
    .overrideByName(label(QUERY_TYPE, 'ipAddress'), leastWidth(130))
    .overrideByName(label(QUERY_TYPE, 'app_name'), leastWidth(130))
    .overrideByName('Logins', width(90))
    .overrideByName(label(QUERY_TYPE, 'country'), width(95))
    .overrideByName(label(QUERY_TYPE, 'cfRayId'), explained(explanation));
}

export function changes(): TablePanel {
  const { queryType, filters } = CONFIGURATION_CHANGED.query;
  return events(
    'Changes to the configuration',
    'Who changed which application, policy, or group. The variables do not apply.',
    {
      queryType,
      filters,
      fields: ['time', 'actor_email', 'action', 'resource_type', 'resource_name', 'description', 'actor_context'],
    }
  )
    .overrideByName(label('access_changes', 'time'), width(165))
    .overrideByName(label('access_changes', 'action'), width(90))
    .overrideByName(label('access_changes', 'resource_type'), width(130))
    .overrideByName(label('access_changes', 'description'), wrapped())
    .height(9);
}
