import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Button, FieldValidationMessage, useStyles2 } from '@grafana/ui';
import React, { type ReactNode } from 'react';

import { type AccessQuery } from '../types';
import { type Problem } from './problems';

interface Props {
  /** First word of the line, such as Where. */
  label: string;
  /** What screen readers call the line, if that is more than its first word. */
  name?: string;
  children: ReactNode;
}

/** One line of choices; where the editor is narrow, they go under the label. */
export function Row({ label, name = label, children }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.row} role="group" aria-label={name}>
      <div className={styles.label} aria-hidden>
        {label}
      </div>
      <div className={styles.content}>{children}</div>
    </div>
  );
}

/** Words between choices, which make a sentence of them. */
export function Words({ children }: { children: ReactNode }) {
  const styles = useStyles2(getStyles);
  return <span className={styles.words}>{children}</span>;
}

interface ProblemTextProps {
  problem: Problem | undefined;
  onFix: (apply: (query: AccessQuery) => AccessQuery) => void;
}

/** Why something cannot be asked, with a way out where there is one. */
export function ProblemText({ problem, onFix }: ProblemTextProps) {
  const styles = useStyles2(getStyles);
  const fix = problem?.fix;
  if (problem?.missing) {
    return <div className={styles.missing}>{problem.text}</div>;
  }
  return problem ? (
    <div className={styles.problem}>
      <FieldValidationMessage>{problem.text}</FieldValidationMessage>
      {fix && (
        <Button size="sm" variant="secondary" fill="outline" onClick={() => onFix(fix.apply)}>
          {fix.label}
        </Button>
      )}
    </div>
  ) : null;
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5, 1) }),
  label: css({
    flex: '0 0 72px',
    lineHeight: theme.spacing(theme.components.height.md),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
  }),
  content: css({
    flex: '1 1 320px',
    minWidth: 0,
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    gap: theme.spacing(1),
  }),
  words: css({ lineHeight: theme.spacing(theme.components.height.md), color: theme.colors.text.secondary }),
  missing: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  problem: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
});
