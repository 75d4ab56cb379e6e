import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { CSSProperties } from 'react';
import { DashboardPanel, type DashboardPanelProps } from './DashboardPanel';
import type { Panel } from './model';

/** Grafana's grid: 24 columns where there is room, one below the other where not. */
export function PanelGrid(props: Omit<DashboardPanelProps, 'panel'>) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.grid}>
      {props.dashboard.panels.map((panel) => (
        <div key={panel.id} className={styles.cell} style={position(panel)}>
          {panel.type === 'row' ? (
            <h2 className={styles.row}>{panel.title}</h2>
          ) : (
            <DashboardPanel {...props} panel={panel} />
          )}
        </div>
      ))}
    </div>
  );
}

/** CSS variables, which the styles use where the screen is wide enough. */
function position({ gridPos: { x, y, w, h } }: Panel) {
  return { '--x': x + 1, '--y': y + 1, '--w': w, '--h': h } as CSSProperties;
}

const getStyles = (theme: GrafanaTheme2) => ({
  grid: css({ display: 'grid', gridTemplateColumns: 'repeat(24, 1fr)', gridAutoRows: 30, gap: theme.spacing(1) }),
  cell: css({
    minWidth: 0,
    gridColumn: 'var(--x) / span var(--w)',
    gridRow: 'var(--y) / span var(--h)',
    [theme.breakpoints.down('md')]: { gridColumn: '1 / -1', gridRow: 'span var(--h)' },
  }),
  row: css({ ...theme.typography.h5, margin: 0, lineHeight: '30px' }),
});
