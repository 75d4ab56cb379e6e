import { type AnnotationEventFieldSource, type AnnotationEventMappings } from '@grafana/data';

import { outcomeFilter } from '../../catalogue';
import { type Question } from '../types';

/** An annotation that is worth having without a thought: what it asks, and how its marks read. */
export interface AnnotationPreset {
  name: string;
  iconColor: string;
  query: Question;
  mappings: AnnotationEventMappings;
}

/** Grafana's enumeration as text, so that dashboards as code need nothing of Grafana at run time. */
const TEXT = 'text' as AnnotationEventFieldSource.Text;
const FIELD = 'field' as AnnotationEventFieldSource.Field;

/** Log lines say who did what, so they are the text of a mark. */
function marks(title: string, tags: string[]): AnnotationEventMappings {
  return {
    title: { source: TEXT, value: title },
    text: { source: FIELD, value: 'body' },
    tags: { source: TEXT, value: tags.join(',') },
  };
}

/** A graph with more marks than this cannot be read. */
const MOST_MARKS = 200;

/** What a new annotation asks: logins that were blocked. */
export const BLOCKED_LOGINS: AnnotationPreset = {
  name: 'Blocked logins',
  iconColor: 'red',
  query: {
    queryType: 'access_requests',
    format: 'logs',
    filters: [outcomeFilter('access_requests', 'refused')],
    limit: MOST_MARKS,
  },
  mappings: marks('Blocked login', ['access', 'login']),
};

/** Most spikes of blocked logins are a change of a policy. Whoever only looked changed nothing. */
export const CONFIGURATION_CHANGED: AnnotationPreset = {
  name: 'Access configuration changed',
  iconColor: 'blue',
  query: {
    queryType: 'access_changes',
    format: 'logs',
    filters: [outcomeFilter('access_changes', 'accepted'), { field: 'action', operator: '!=', values: ['view'] }],
    limit: MOST_MARKS,
  },
  mappings: marks('Access configuration changed', ['access', 'configuration']),
};

export const PRESETS = [BLOCKED_LOGINS, CONFIGURATION_CHANGED];
