import { type AnnotationSupport } from '@grafana/data';

import { type AccessQuery } from '../types';

/**
 * Annotations are the standard ones: the query editor, and frames whose time and text fields Grafana maps. Logs fit
 * best, since a log line says who was blocked from what.
 */
export const annotations: AnnotationSupport<AccessQuery> = {
  getDefaultQuery: () => ({
    queryType: 'access_requests',
    format: 'logs',
    filters: [{ field: 'outcome', operator: '=', values: ['blocked'] }],
  }),
};
