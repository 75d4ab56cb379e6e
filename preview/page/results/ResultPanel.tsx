import { css } from '@emotion/css';
import {
  type AbsoluteTimeRange,
  type DataFrame,
  type DataQueryError,
  type FieldConfigSource,
  type GrafanaTheme2,
  LoadingState,
  type TimeRange,
} from '@grafana/data';
import { Alert, Menu, PanelChrome, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { Inspector } from './Inspector';
import { Notices, noticesOf } from './Notices';
import type { PanelOptions } from './panel';
import { useSize } from './useSize';
import { Visualization } from './Visualization';

interface Props {
  title: string;
  description?: string;
  /** Last part of the data-testid. */
  id: string;
  type: string;
  frames: DataFrame[];
  errors: DataQueryError[];
  state: LoadingState;
  timeRange: TimeRange;
  linkRange?: TimeRange;
  fieldConfig: FieldConfigSource;
  options: PanelOptions;
  /** Where notices stand: small panels have no room for them. */
  noticesIn: 'header' | 'body';
  /** Address of Explore with the panel's queries. */
  exploreUrl?: string;
  onZoom: (range: AbsoluteTimeRange) => void;
}

/** One result in Grafana's panel frame: what was asked for, what is said about it, and what came in its place. */
export function ResultPanel(props: Props) {
  const { title, id, frames, errors, state, exploreUrl } = props;
  const styles = useStyles2(getStyles);
  const [inspecting, setInspecting] = useState(false);
  const { ref, size } = useSize();
  const menu = (
    <Menu>
      <Menu.Item label="Inspect" icon="info-circle" onClick={() => setInspecting(true)} />
      {exploreUrl && <Menu.Item label="Explore" icon="compass" url={exploreUrl} />}
    </Menu>
  );
  return (
    <div ref={ref} className={styles.panel} data-testid={`preview-panel-${id}`}>
      {size && (
        <PanelChrome
          title={title}
          description={props.description}
          menu={menu}
          showMenuAlways
          collapsible={false}
          loadingState={state === LoadingState.Loading ? LoadingState.Loading : undefined}
          statusItems={props.noticesIn === 'header' ? noticesOf(frames) : undefined}
          width={size.width}
          height={size.height}
        >
          {(width, height) => (
            <div style={{ width, height }}>
              <PanelBody {...props} />
            </div>
          )}
        </PanelChrome>
      )}
      {inspecting && <Inspector title={title} frames={frames} errors={errors} onClose={() => setInspecting(false)} />}
    </div>
  );
}

/** Errors and notices take the room that they need, and the visualization takes the rest. */
function PanelBody(props: Props) {
  const { type, frames, errors, state, noticesIn, fieldConfig } = props;
  const styles = useStyles2(getStyles);
  const { ref, size } = useSize();
  const isEmpty = type !== 'text' && !frames.some((frame) => frame.length > 0);
  const messages = errors.map((error) => error.message ?? error.data?.message ?? 'Query error');
  return (
    <div className={styles.body}>
      {messages.map((message) => (
        <Alert key={message} severity="error" title={message} topSpacing={0} bottomSpacing={1} />
      ))}
      {noticesIn === 'body' && <Notices frames={frames} />}
      <div ref={ref} className={styles.content} data-testid="preview-result">
        {isEmpty && errors.length === 0 && state !== LoadingState.Loading && (
          <p className={styles.empty}>{fieldConfig.defaults.noValue ?? 'No data'}</p>
        )}
        {!isEmpty && size && <Visualization {...props} width={size.width} height={size.height} />}
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  panel: css({ width: '100%', height: '100%', minWidth: 0 }),
  body: css({ height: '100%', overflow: 'auto', display: 'flex', flexDirection: 'column' }),
  content: css({ flex: 1, minHeight: 0, overflow: 'hidden' }),
  empty: css({
    height: '100%',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    color: theme.colors.text.secondary,
  }),
});
