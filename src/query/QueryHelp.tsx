import { css } from '@emotion/css';
import { type GrafanaTheme2, type QueryEditorHelpProps } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

import { type AccessQuery } from '../types';
import { startWith, withDefaults } from './model';
import { PRESETS } from './presets';
import { sentence } from './sentence';

/** Grafana's help of a query: ready-made questions, each of which replaces the query. */
export function QueryHelp({ query, onClickExample }: QueryEditorHelpProps<AccessQuery>) {
  const styles = useStyles2(getStyles);
  return (
    <div>
      <h2 className={styles.title}>Start with a question</h2>
      <ul className={styles.list}>
        {PRESETS.map((preset) => {
          const asked = startWith(query, preset.query);
          return (
            <li key={preset.name}>
              <button type="button" className={styles.card} onClick={() => onClickExample(asked)}>
                <strong>{preset.name}</strong>
                <span>{preset.description}</span>
                <span className={styles.sentence}>{sentence(withDefaults(asked))}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <p className={styles.more}>
        A question replaces the query. Change it as you like: <strong>Option</strong> adds what it doesn’t have yet.
      </p>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  title: css({ ...theme.typography.h5, marginBottom: theme.spacing(1) }),
  list: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(320px, 100%), 1fr))',
    gap: theme.spacing(1),
    listStyle: 'none',
    '& > li': { display: 'flex' },
  }),
  card: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(0.5),
    width: '100%',
    padding: theme.spacing(1, 1.5),
    textAlign: 'left',
    color: theme.colors.text.primary,
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    '&:hover, &:focus-visible': { background: theme.colors.emphasize(theme.colors.background.secondary) },
  }),
  sentence: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  more: css({ marginTop: theme.spacing(1), color: theme.colors.text.secondary }),
});
