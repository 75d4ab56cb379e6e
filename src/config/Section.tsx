import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { useId, type ReactNode } from 'react';

interface Props {
  title: string;
  description?: ReactNode;
  children: ReactNode;
}

/** A titled part of the config page. */
export function Section({ title, description, children }: Props) {
  const styles = useStyles2(getStyles);
  const titleId = useId();
  return (
    <section aria-labelledby={titleId} className={styles.section}>
      <div>
        <h3 id={titleId} className={styles.title}>
          {title}
        </h3>
        {description && <p className={styles.description}>{description}</p>}
      </div>
      {children}
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  section: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(2),
    maxWidth: theme.spacing(80),
    '& + &': {
      marginTop: theme.spacing(3),
      paddingTop: theme.spacing(3),
      borderTop: `1px solid ${theme.colors.border.weak}`,
    },
  }),
  title: css({ margin: 0, fontSize: theme.typography.h4.fontSize }),
  description: css({ margin: theme.spacing(0.5, 0, 0), color: theme.colors.text.secondary }),
});
