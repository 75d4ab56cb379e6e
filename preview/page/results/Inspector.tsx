import { css } from '@emotion/css';
import { type DataFrame, dataFrameToJSON, type DataQueryError, type GrafanaTheme2 } from '@grafana/data';
import { ClipboardButton, Drawer, Tab, TabsBar, useStyles2 } from '@grafana/ui';
import { useState } from 'react';

interface Props {
  title: string;
  frames: DataFrame[];
  errors: DataQueryError[];
  onClose: () => void;
}

const tabs = ['Query', 'Meta', 'JSON'] as const;

/** The text of a tab: the calls as the plugin reports them, what frames say about themselves, or all of it. */
function content(tab: (typeof tabs)[number], frames: DataFrame[], errors: DataQueryError[]): string {
  switch (tab) {
    case 'Query':
      return frames.map((frame) => frame.meta?.executedQueryString ?? '').join('\n\n');
    case 'Meta':
      return JSON.stringify(
        frames.map(({ refId, name, length, meta }) => ({ refId, name, rows: length, ...meta })),
        null,
        2
      );
    case 'JSON':
      return JSON.stringify({ frames: frames.map((frame) => dataFrameToJSON(frame)), errors }, null, 2);
  }
}

/** Grafana's panel inspector, as far as a data source shows in it. */
export function Inspector({ title, frames, errors, onClose }: Props) {
  const styles = useStyles2(getStyles);
  const [active, setActive] = useState<(typeof tabs)[number]>('Query');
  const text = content(active, frames, errors);
  const bar = (
    <TabsBar>
      {tabs.map((tab) => (
        <Tab key={tab} label={tab} active={tab === active} onChangeTab={() => setActive(tab)} />
      ))}
    </TabsBar>
  );
  return (
    <Drawer title={`Inspect: ${title}`} onClose={onClose} tabs={bar} size="md">
      <div data-testid="preview-inspector" className={styles.content}>
        <ClipboardButton icon="copy" variant="secondary" size="sm" getText={() => text}>
          Copy
        </ClipboardButton>
        <pre>{text || 'The answer reports nothing here.'}</pre>
      </div>
    </Drawer>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  content: css({
    '& pre': {
      marginTop: theme.spacing(1),
      whiteSpace: 'pre-wrap',
      overflowWrap: 'anywhere',
      ...theme.typography.code,
    },
  }),
});
