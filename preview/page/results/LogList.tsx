import { css } from '@emotion/css';
import { type DataFrame, dateTimeFormat, type Field, FieldType, type GrafanaTheme2, LogLevel } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useState } from 'react';
import { useTimeZone } from '../timeZone';

interface Line {
  id: string;
  time: number;
  body: string;
  level: string;
  labels: Record<string, unknown>;
}

/** Reads frames of type log-lines; https://grafana.com/developers/dataplane/logs */
function readLines(frames: DataFrame[]): Line[] {
  return frames.flatMap((frame, frameIndex) => {
    const named = (name: string) => frame.fields.find((field) => field.name === name);
    const time = named('timestamp') ?? frame.fields.find((field) => field.type === FieldType.time);
    const body = named('body') ?? frame.fields.find((field) => field.type === FieldType.string);
    return Array.from({ length: frame.length }, (_, row) => ({
      id: text(named('id'), row) || `${frameIndex}-${row}`,
      time: Number(time?.values[row]),
      body: text(body, row),
      level: text(named('severity') ?? named('level'), row),
      labels: named('labels')?.values[row] ?? {},
    }));
  });
}

function text(field: Field | undefined, row: number): string {
  return String(field?.values[row] ?? '');
}

/** Colors of Grafana's log levels. */
function levelColor(level: string, theme: GrafanaTheme2): string {
  switch (level) {
    case LogLevel.critical:
    case LogLevel.error:
      return theme.colors.error.main;
    case LogLevel.warning:
      return theme.colors.warning.main;
    case LogLevel.info:
      return theme.colors.success.main;
    default:
      return theme.colors.secondary.main;
  }
}

/** Log lines in the order in which they came; a line opens to its labels. */
export function LogList({ frames }: { frames: DataFrame[] }) {
  const styles = useStyles2(getStyles);
  return (
    <ol className={styles.list} aria-label="Log lines" data-testid="preview-logs">
      {readLines(frames).map((line) => (
        <LogLine key={line.id} line={line} />
      ))}
    </ol>
  );
}

function LogLine({ line: { time, body, level, labels } }: { line: Line }) {
  const theme = useTheme2();
  const [timeZone] = useTimeZone();
  const [open, setOpen] = useState(false);
  return (
    <li data-testid="preview-log-line" data-level={level}>
      <details
        style={{ borderLeft: `3px solid ${levelColor(level, theme)}` }}
        onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
      >
        <summary>
          <time dateTime={new Date(time).toISOString()}>{dateTimeFormat(time, { timeZone, defaultWithMS: true })}</time>
          <span>{body}</span>
        </summary>
        {open && (
          <dl>
            {Object.entries(labels).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </details>
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    listStyle: 'none',
    height: '100%',
    overflow: 'auto',
    ...theme.typography.code,
    '& details': { paddingLeft: theme.spacing(0.5) },
    '& li:hover': { background: theme.colors.emphasize(theme.colors.background.primary, 0.03) },
    '& summary': {
      display: 'flex',
      gap: theme.spacing(1),
      padding: theme.spacing(0.25, 0),
      cursor: 'pointer',
      alignItems: 'baseline',
    },
    [theme.breakpoints.down('md')]: { '& summary': { flexWrap: 'wrap' }, '& summary > span': { flexBasis: '100%' } },
    '& summary::before': { content: '"›"', color: theme.colors.text.secondary },
    '& details[open] > summary::before': { transform: 'rotate(90deg)' },
    // A thousand lines are laid out only where they are seen.
    '& li': { contentVisibility: 'auto', containIntrinsicSize: 'auto 22px' },
    '& time': { color: theme.colors.text.secondary, whiteSpace: 'nowrap' },
    '& dl': { margin: theme.spacing(0.5, 0, 1, 3) },
    '& dl > div': { display: 'flex', gap: theme.spacing(1) },
    '& dt': { minWidth: 180, fontWeight: 400, color: theme.colors.text.secondary },
    '& dd': { overflowWrap: 'anywhere' },
  }),
});
