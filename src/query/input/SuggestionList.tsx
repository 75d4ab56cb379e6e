import { css, cx } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Popover, useStyles2 } from '@grafana/ui';
import React from 'react';

import { type Suggestion } from '../suggestions';
import { type SuggestionState } from './useSuggestions';

interface Props {
  id: string;
  label: string;
  anchor: HTMLElement;
  state: SuggestionState;
  /** What the list says if there is nothing to choose from. */
  emptyText: string;
  onPick: (suggestion: Suggestion) => void;
}

export function optionId(listId: string, index: number): string {
  return `${listId}-${index}`;
}

function scrollIntoView(element: HTMLElement | null) {
  element?.scrollIntoView?.({ block: 'nearest' });
}

/** The list under an input, as a listbox: the focus stays in the input. */
export function SuggestionList({ id, label, anchor, state, emptyText, onPick }: Props) {
  const styles = useStyles2(getStyles);
  const { found, loading, failure, active } = state;
  const status = loading
    ? 'Loading…'
    : failure
      ? `No suggestions: ${failure}`
      : found.length === 0
        ? emptyText
        : undefined;
  return (
    <Popover
      show
      placement="bottom-start"
      referenceElement={anchor}
      wrapperClassName={styles.layer}
      className={styles.menu}
      // The list must not take the focus, or leaving the input would close it before a click counts.
      onMouseDown={(event) => event.preventDefault()}
      content={
        <div style={{ minWidth: Math.max(anchor.offsetWidth, 220) }}>
          <div role="listbox" id={id} aria-label={`${label} suggestions`}>
            {found.map((suggestion, index) => (
              <div
                key={suggestion.value}
                id={optionId(id, index)}
                ref={index === active ? scrollIntoView : undefined}
                role="option"
                aria-selected={index === active}
                className={cx(styles.option, index === active && styles.active)}
                onClick={() => onPick(suggestion)}
              >
                <span className={styles.text}>{suggestion.text}</span>
                {suggestion.detail && <span className={styles.detail}>{suggestion.detail}</span>}
              </div>
            ))}
          </div>
          {status && (
            <div role="status" className={styles.status}>
              {status}
            </div>
          )}
        </div>
      }
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  layer: css({ zIndex: theme.zIndex.portal }),
  menu: css({
    // Popover keeps a distance of 8 px for an arrow, which this list doesn't have.
    marginTop: theme.spacing(-0.5),
    maxHeight: 320,
    maxWidth: 'min(480px, 92vw)',
    overflowY: 'auto',
    padding: theme.spacing(0.5),
    background: theme.colors.background.elevated ?? theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z3,
  }),
  option: css({
    display: 'flex',
    alignItems: 'baseline',
    justifyContent: 'space-between',
    gap: theme.spacing(2),
    padding: theme.spacing(0.5, 1),
    borderRadius: theme.shape.radius.default,
    cursor: 'pointer',
    '&:hover': { background: theme.colors.action.hover },
  }),
  active: css({ background: theme.colors.action.focus, outline: `1px solid ${theme.colors.primary.border}` }),
  text: css({ overflowWrap: 'anywhere', flex: '1 0 auto', maxWidth: '100%' }),
  detail: css({
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    textAlign: 'right',
  }),
  status: css({
    padding: theme.spacing(0.5, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
