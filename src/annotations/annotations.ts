import { type AnnotationQuery, type AnnotationSupport } from '@grafana/data';
import { isEmpty, omit } from 'lodash';

import { type AccessQuery } from '../types';
import { AnnotationEditor } from './AnnotationEditor';
import { BLOCKED_LOGINS } from './presets';

const DEFAULT_QUERY = BLOCKED_LOGINS.query;

/**
 * Annotations are the standard ones: the query editor below a choice of ready-made ones, and frames whose time and text
 * fields Grafana maps. Logs fit best, since a log line says who was blocked from what.
 */
export const annotations: AnnotationSupport<AccessQuery> = {
  QueryEditor: AnnotationEditor,

  getDefaultQuery: () => DEFAULT_QUERY,

  /** Grafana shows the default query in the editor but asks only what the annotation has: nothing, where it is new. */
  prepareAnnotation: (annotation: AnnotationQuery<AccessQuery>) =>
    isEmpty(omit(annotation.target, ['refId', 'datasource', 'hide']))
      ? { ...annotation, target: { refId: 'Anno', ...annotation.target, ...DEFAULT_QUERY } }
      : annotation,
};
