import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';

/** A box that looks like Grafana's inputs and holds pills and a bare input. */
export const getInputBoxStyles = (theme: GrafanaTheme2) => ({
  box: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    minHeight: theme.spacing(theme.components.height.md),
    padding: theme.spacing(0.375, 0.75),
    background: theme.components.input.background,
    color: theme.components.input.text,
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRadius: theme.shape.radius.default,
    cursor: 'text',
    '&:hover': { borderColor: theme.components.input.borderHover },
    '&:focus-within': {
      outline: '2px dotted transparent',
      boxShadow: `0 0 0 2px ${theme.colors.background.canvas}, 0 0 0 4px ${theme.colors.primary.main}`,
    },
  }),
  invalid: css({ borderColor: theme.colors.error.border, '&:hover': { borderColor: theme.colors.error.shade } }),
  input: css({
    flex: '1 1 48px',
    width: 48,
    minWidth: 0,
    border: 'none',
    outline: 'none',
    padding: theme.spacing(0, 0.25),
    background: 'transparent',
    color: 'inherit',
    lineHeight: theme.typography.body.lineHeight,
    '&::placeholder': { color: theme.colors.text.disabled, opacity: 1 },
  }),
  pill: css({
    display: 'inline-flex',
    alignItems: 'center',
    maxWidth: '100%',
    paddingLeft: theme.spacing(0.75),
    gap: theme.spacing(0.25),
    lineHeight: '20px',
    fontSize: theme.typography.bodySmall.fontSize,
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    cursor: 'default',
  }),
  pillText: css({ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }),
  dropTarget: css({ borderColor: theme.colors.primary.border }),
});
