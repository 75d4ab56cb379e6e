import { type AnnotationQuery, type AnnotationSupport } from '@grafana/data';
import { isEmpty, omit } from 'lodash';

import { outcomeFilter } from '../../catalogue';
import { type AccessQuery } from '../types';

/** What a new annotation asks: logins that were blocked. */
const DEFAULT_QUERY = {
  queryType: 'access_requests',
  format: 'logs',
  filters: [outcomeFilter('access_requests', 'refused')],
} satisfies Partial<AccessQuery>;

/**
 * Annotations are the standard ones: the query editor, and frames whose time and text fields Grafana maps. Logs fit
 * best, since a log line says who was blocked from what.
 */
export const annotations: AnnotationSupport<AccessQuery> = {
  getDefaultQuery: () => DEFAULT_QUERY,

  /** Grafana shows the default query in the editor but asks only what the annotation has: nothing, where it is new. */
  prepareAnnotation: (annotation: AnnotationQuery<AccessQuery>) =>
    isEmpty(omit(annotation.target, ['refId', 'datasource', 'hide']))
      ? { ...annotation, target: { refId: 'Anno', ...annotation.target, ...DEFAULT_QUERY } }
      : annotation,
};
