import { css } from '@emotion/css';
import { CoreApp, type GrafanaTheme2, type PanelData } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import React from 'react';

import { showRange, widerSearches } from '../explore/searchRange';
import { type AccessQuery, type FullQuery } from '../types';
import { changeQueryType } from './change';
import { readCoverage } from './coverage';
import { rayIdField } from './model';

interface Props {
  query: FullQuery;
  data: PanelData | undefined;
  app: CoreApp | undefined;
  onChange: (change: (query: AccessQuery) => AccessQuery) => void;
}

/** Whether the last answer has no event although the query names Ray IDs. */
function isMiss(query: FullQuery, data: PanelData | undefined): boolean {
  const field = rayIdField(query.queryType)?.name;
  const named = query.filters.some((filter) => filter.field === field && filter.operator === '=');
  return named && query.queryType !== 'explain' && readCoverage(data, query.refId)?.rows === 0;
}

/** Where to look next for a Ray ID that is not in the time range. A Ray ID doesn't tell its own time. */
export function RayIdMiss({ query, data, app, onChange }: Props) {
  const styles = useStyles2(getStyles);
  if (!data || !isMiss(query, data)) {
    return null;
  }
  // An alert rule has its own range, which the page's address doesn't hold.
  const searches = app === CoreApp.UnifiedAlerting ? [] : widerSearches(data.timeRange);
  return (
    <div className={styles.line} role="group" aria-label="Ray ID not found">
      <span>The Ray ID isn’t in this time range. Search the</span>
      {searches.map((search) => (
        <Button key={search.from} size="sm" variant="secondary" fill="outline" onClick={() => showRange(query, search)}>
          {search.label}
        </Button>
      ))}
      {searches.length > 0 && <span>or</span>}
      <Button
        size="sm"
        variant="secondary"
        fill="outline"
        tooltip="Finds the login in all that Cloudflare keeps, and explains it"
        onClick={() => onChange((latest) => changeQueryType(latest, 'explain'))}
      >
        whole retention period
      </Button>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5, 1),
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
