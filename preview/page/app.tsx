import { css } from '@emotion/css';
import { createTheme, type GrafanaTheme2, ThemeContext, type TimeZone } from '@grafana/data';
import { config, locationService, setBackendSrv, setDataSourceSrv, setTemplateSrv } from '@grafana/runtime';
import { ErrorBoundaryAlert, GlobalStyles, IconButton, PortalContainer, useStyles2 } from '@grafana/ui';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { cacheStore } from 'react-inlinesvg';
import { ConfigPage } from './config/ConfigPage';
import { DashboardPage } from './dashboard/DashboardPage';
import { type Dashboard, loadDashboards } from './dashboard/model';
import { ExplorePage } from './explore/ExplorePage';
import { backendSrv } from './grafana/backendSrv';
import { DataSources, fillRuntimeSettings } from './grafana/dataSources';
import { loadPlugin, type Plugin } from './grafana/plugin';
import { templateSrv } from './grafana/templateSrv';
import { interceptLinks, useLocation } from './location';
import { registerStandards } from './results/fieldConfig';
import { TimeZoneContext } from './timeZone';

interface Props {
  plugin: Plugin;
  dataSources: DataSources;
  dashboards: Dashboard[];
}

function App(props: Props) {
  const [theme, setTheme] = useState(() => createTheme({ colors: { mode: config.theme2.colors.mode } }));
  const timeZone = useState<TimeZone>('browser');
  const toggle = () => {
    const name = theme.isDark ? 'light' : 'dark';
    window.localStorage.setItem('theme', name);
    locationService.partial({ theme: undefined }, true);
    setTheme(createTheme({ colors: { mode: name } }));
  };
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <TimeZoneContext.Provider value={timeZone}>
        <Shell {...props} onToggleTheme={toggle} />
      </TimeZoneContext.Provider>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

/** Navigation and the page of the address; the addresses are Grafana's. */
function Shell({ plugin, dataSources, dashboards, onToggleTheme }: Props & { onToggleTheme: () => void }) {
  const styles = useStyles2(getStyles);
  const { pathname } = useLocation();
  const [first] = dataSources.getList();
  const path = pathname === '/' ? (dashboards.length ? `/d/${dashboards[0].uid}` : '/explore') : pathname;
  const links = [
    ...dashboards.map(({ uid, title }) => ({ url: `/d/${uid}`, title })),
    { url: '/explore', title: 'Explore' },
    { url: `/connections/datasources/edit/${first.uid}`, title: 'Configuration' },
  ];
  return (
    <div className={styles.app}>
      <header className={styles.header}>
        <img src={`/public/plugins/${plugin.meta.id}/${plugin.meta.info.logos.small}`} alt="" width={22} height={22} />
        <strong className={styles.name}>{plugin.meta.name} preview</strong>
        <nav aria-label="Pages">
          {links.map(({ url, title }) => (
            <a key={url} href={url} aria-current={path === url ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <IconButton name="adjust-circle" tooltip="Switch between dark and light" onClick={onToggleTheme} />
      </header>
      <main className={styles.main}>
        <ErrorBoundaryAlert key={path}>
          <Page path={path} dataSources={dataSources} dashboards={dashboards} />
        </ErrorBoundaryAlert>
      </main>
    </div>
  );
}

function Page({ path, dataSources, dashboards }: { path: string } & Omit<Props, 'plugin'>) {
  const uid = decodeURIComponent(path.split('/').pop() ?? '');
  const dashboard = dashboards.find((one) => path.startsWith('/d/') && path.split('/')[2] === one.uid);
  if (dashboard) {
    return <DashboardPage dashboard={dashboard} dataSources={dataSources} />;
  }
  if (path === '/explore') {
    return <ExplorePage dataSources={dataSources} />;
  }
  if (path.startsWith('/connections/datasources/edit/') && dataSources.getInstanceSettings(uid)) {
    return <ConfigPage uid={uid} dataSources={dataSources} />;
  }
  return <p>There is no page {path} in the preview.</p>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  app: css({ minHeight: '100vh', background: theme.colors.background.canvas, color: theme.colors.text.primary }),
  header: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    minHeight: 40,
    padding: theme.spacing(0, 2),
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '& nav': {
      display: 'flex',
      flex: 1,
      gap: theme.spacing(2),
      marginLeft: theme.spacing(2),
      overflowX: 'auto',
      whiteSpace: 'nowrap',
    },
    '& nav a': { lineHeight: '38px', color: theme.colors.text.secondary, borderBottom: '2px solid transparent' },
    '& nav a[aria-current]': {
      color: theme.colors.text.primary,
      borderImage: `${theme.colors.gradients.brandHorizontal} 1`,
    },
  }),
  name: css({ whiteSpace: 'nowrap', [theme.breakpoints.down('md')]: { display: 'none' } }),
  main: css({ padding: theme.spacing(2), [theme.breakpoints.down('md')]: { padding: theme.spacing(1) } }),
});

/** Icons that follow each other quickly show the wrong one while they load: these two are there from the start. */
async function preloadIcons() {
  for (const name of ['sync', 'spinner']) {
    const path = `/public/build/img/icons/unicons/${name}.svg`;
    const content = await (await fetch(path)).text();
    cacheStore.set(path, { content, status: 'loaded' });
  }
}

async function start() {
  await preloadIcons();
  setBackendSrv(backendSrv);
  setTemplateSrv(templateSrv);
  await fillRuntimeSettings();
  registerStandards();
  const settings = Object.values(config.datasources);
  const [plugin, dashboards] = await Promise.all([loadPlugin(settings[0].meta), loadDashboards()]);
  const dataSources = new DataSources(plugin);
  setDataSourceSrv(dataSources);
  document.title = plugin.meta.name;
  interceptLinks();
  createRoot(document.getElementById('reactRoot')!).render(
    <App plugin={plugin} dataSources={dataSources} dashboards={dashboards} />
  );
}

await start();
