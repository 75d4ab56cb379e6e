import { css } from '@emotion/css';
import { type GrafanaTheme2, type PanelData } from '@grafana/data';
import { Icon, Tag, useStyles2 } from '@grafana/ui';
import React from 'react';

import { type FullQuery } from '../types';
import { framesOf } from './coverage';

interface Props {
  query: FullQuery;
  data: PanelData | undefined;
}

/** What the first row of the frame `verdict` says. */
function readVerdict(data: PanelData | undefined, refId: string): ((name: string) => string) | undefined {
  const frame = framesOf(data, refId).find(({ name, length }) => name === 'verdict' && length > 0);
  return frame && ((name) => String(frame.fields.find((field) => field.name === name)?.values[0] ?? ''));
}

const CERTAINTIES: Record<string, string> = { certain: 'Certain', likely: 'Likely', unknown: 'Not known' };

/** The verdict as sentences, above the tables that show how it came about. */
export function VerdictLine({ query, data }: Props) {
  const styles = useStyles2(getStyles);
  const said = readVerdict(data, query.refId);
  if (!said?.('reason')) {
    return null;
  }
  const allowed = said('outcome') === 'allowed';
  return (
    <div className={styles.verdict} role="status" aria-label="Verdict">
      <Icon name={allowed ? 'unlock' : 'lock'} className={allowed ? styles.allowed : styles.other} size="lg" />
      <div className={styles.sentences}>
        <strong>{said('reason')}</strong>
        {said('next_step') && <span>{said('next_step')}</span>}
      </div>
      <Tag name={CERTAINTIES[said('certainty')] ?? said('certainty')} colorIndex={9} />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  verdict: css({
    display: 'flex',
    alignItems: 'flex-start',
    gap: theme.spacing(1.5),
    padding: theme.spacing(1, 1.5),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
  }),
  sentences: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(0.5), flex: 1, minWidth: 0 }),
  allowed: css({ color: theme.colors.success.text }),
  other: css({ color: theme.colors.text.secondary }),
});
