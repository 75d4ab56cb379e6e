/**
 * Entry of the page. @grafana/runtime reads its settings and @grafana/ui its paths while they are loaded, so both have
 * to be on `window` before the rest of the page is.
 */
import type { BootData } from '@grafana/data';
import type {} from 'monaco-editor';

declare global {
  interface Window {
    grafanaBootData?: Partial<BootData>;
    __grafana_public_path__?: string;
  }
}

export type ThemeName = 'dark' | 'light';

/** `?theme=light` wins over what was chosen before. */
function theme(): ThemeName {
  const asked = new URLSearchParams(window.location.search).get('theme') ?? window.localStorage.getItem('theme');
  return asked === 'light' ? 'light' : 'dark';
}

async function boot() {
  const response = await fetch('/api/frontend/settings');
  if (!response.ok) {
    throw new Error(`The preview doesn’t answer: ${response.status} ${await response.text()}`);
  }
  const user = {
    isSignedIn: true,
    login: 'admin',
    orgRole: 'Admin',
    timezone: 'browser',
    weekStart: 'browser',
    locale: 'en-US',
    language: 'en-US',
    regionalFormat: 'en-US',
  };
  window.__grafana_public_path__ = '/public/';
  window.MonacoEnvironment = {
    getWorkerUrl: (_, label) => `/public/monaco/${label === 'json' ? 'json' : 'editor'}.worker.js`,
  };
  window.grafanaBootData = {
    settings: await response.json(),
    // Grafana's user has more fields, which belong to features that the preview has not.
    user: { ...user, theme: theme(), lightTheme: theme() === 'light' } as Partial<BootData['user']> as BootData['user'],
    navTree: [],
  };
  await import('./app');
}

boot().catch((error: Error) => {
  document.body.textContent = error.message;
});
