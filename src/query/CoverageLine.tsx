import { css, cx } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, Spinner, useStyles2 } from '@grafana/ui';
import React from 'react';

import { type AccessQuery } from '../types';
import { type CoverageLine as Line } from './coverage';

interface Props {
  line: Line | undefined;
  asking: boolean;
  onRemedy: (apply: (query: AccessQuery) => AccessQuery) => void;
}

/** How much of the question the last answer covers. If that isn't all of it, the line is amber and shows the reason and a way out. */
export function CoverageLine({ line, asking, onRemedy }: Props) {
  const styles = useStyles2(getStyles);
  if (asking) {
    return (
      <div className={styles.line} role="status" aria-label="Coverage">
        <Spinner inline size="sm" /> Querying Cloudflare…
      </div>
    );
  }
  if (!line) {
    return null;
  }
  const { remedy } = line;
  return (
    <div className={cx(styles.line, !line.complete && styles.incomplete)} role="status" aria-label="Coverage">
      <div className={styles.facts}>
        <Icon
          name={line.complete ? 'check-circle' : 'exclamation-triangle'}
          className={line.complete ? styles.good : styles.bad}
        />
        <span>{line.parts.join(' · ')}</span>
      </div>
      {line.advice.map((text) => (
        <span key={text}>{text}</span>
      ))}
      {remedy && (
        <Button size="sm" variant="secondary" fill="outline" onClick={() => onRemedy(remedy.apply)}>
          {remedy.label}
        </Button>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  line: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.25, 1),
    minHeight: theme.spacing(3),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
  }),
  incomplete: css({
    padding: theme.spacing(0.5, 1),
    color: theme.colors.text.primary,
    background: theme.colors.warning.transparent,
    borderLeft: `3px solid ${theme.colors.warning.main}`,
    borderRadius: theme.shape.radius.default,
  }),
  facts: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), minWidth: 0 }),
  good: css({ color: theme.colors.success.text }),
  bad: css({ color: theme.colors.warning.text }),
});
