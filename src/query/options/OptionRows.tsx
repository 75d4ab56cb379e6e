import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import React from 'react';

import { sentence } from '../sentence';
import { CompareRow } from './CompareRow';
import { FirstSeenRow } from './FirstSeenRow';
import { MeasureRow } from './MeasureRow';
import { hasOptions } from './options';
import { type OptionProps } from './OptionRow';
import { SequenceRows } from './SequenceRows';

/** The options that were asked for, in the order in which they apply, and what the query finds with them. */
export function OptionRows(props: OptionProps) {
  const styles = useStyles2(getStyles);
  const { query, problems } = props;
  const { measure, having, firstSeen, sequence, compare } = query;
  return (
    <>
      {firstSeen && <FirstSeenRow {...props} firstSeen={firstSeen} />}
      {sequence && <SequenceRows {...props} sequence={sequence} />}
      {(measure?.type === 'distinct' || having) && <MeasureRow {...props} />}
      {compare && <CompareRow {...props} compare={compare} />}
      {hasOptions(query) && problems.length === 0 && (
        <div className={styles.sentence} role="note" aria-label="What the query finds">
          <Icon name="info-circle" size="sm" className={styles.icon} />
          <span>{sentence(query)}</span>
        </div>
      )}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  sentence: css({ display: 'flex', gap: theme.spacing(1), color: theme.colors.text.primary }),
  icon: css({ flex: '0 0 auto', marginTop: theme.spacing(0.375), color: theme.colors.text.secondary }),
});
