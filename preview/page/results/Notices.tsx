import { css } from '@emotion/css';
import { type DataFrame, type GrafanaTheme2, type QueryResultMetaNotice } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';

const icons = { info: 'info-circle', warning: 'exclamation-triangle', error: 'exclamation-circle' } as const;

/** What frames say about themselves, once each. */
export function noticesOf(frames: DataFrame[]): QueryResultMetaNotice[] {
  const notices = frames.flatMap((frame) => frame.meta?.notices ?? []);
  return [...new Map(notices.map((notice) => [notice.text, notice])).values()];
}

export function Notices({ frames }: { frames: DataFrame[] }) {
  const styles = useStyles2(getStyles);
  return noticesOf(frames).map(({ severity, text, link }) => (
    <p key={text} role="status" className={styles[severity]} data-testid="preview-notice" data-severity={severity}>
      <Icon name={icons[severity]} /> {link ? <a href={link}>{text}</a> : text}
    </p>
  ));
}

const getStyles = (theme: GrafanaTheme2) => {
  const line = (color: string) => css({ ...theme.typography.bodySmall, color, margin: theme.spacing(0, 0, 0.5) });
  return {
    info: line(theme.colors.info.text),
    warning: line(theme.colors.warning.text),
    error: line(theme.colors.error.text),
  };
};
