import { css } from '@emotion/css';
import { type GrafanaTheme2, type RawTimeRange } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { useStyles2 } from '@grafana/ui';
import { useEffect, useMemo, useState } from 'react';
import type { DataSources } from '../grafana/dataSources';
import { formatRange, parseRange, useLocation } from '../location';
import { TimeControls } from '../TimeControls';
import type { Dashboard } from './model';
import { PanelGrid } from './PanelGrid';
import { VariableBar } from './VariableBar';
import { type LoadedVariable, loadVariables } from './variables';

interface Props {
  dashboard: Dashboard;
  dataSources: DataSources;
}

/** A provisioned dashboard: its panels, variables and time range, in Grafana's grid. */
export function DashboardPage({ dashboard, dataSources }: Props) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const params = useMemo(() => new URLSearchParams(search), [search]);
  const [refreshes, setRefreshes] = useState(0);
  const range = useMemo(() => {
    const otherwise = { from: 'now-6h', to: 'now', ...dashboard.time };
    return parseRange(params.get('from'), params.get('to'), otherwise);
  }, [dashboard, params]);

  const [variables, setVariables] = useState<LoadedVariable[]>();
  useEffect(() => {
    let current = true;
    void loadVariables(dashboard, dataSources, range, params).then((loaded) => current && setVariables(loaded));
    return () => {
      current = false;
    };
  }, [dashboard, dataSources, range, params]);

  const changeRange = (changed: RawTimeRange) => locationService.partial(formatRange(changed));
  return (
    <div className={styles.page}>
      <div className={styles.toolbar}>
        <h1 className={styles.title}>{dashboard.title}</h1>
        <TimeControls
          range={range}
          autoRefresh={dashboard.refresh}
          isLoading={false}
          onChange={changeRange}
          onRefresh={() => setRefreshes(refreshes + 1)}
        />
      </div>
      {variables && <VariableBar variables={variables} />}
      {variables && (
        <PanelGrid
          dashboard={dashboard}
          dataSources={dataSources}
          range={range}
          variables={variables}
          refreshes={refreshes}
          onZoom={({ from, to }) => locationService.partial({ from, to })}
        />
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  toolbar: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' }),
  title: css({ ...theme.typography.h4, margin: 0, flex: 1, minWidth: 200 }),
});
