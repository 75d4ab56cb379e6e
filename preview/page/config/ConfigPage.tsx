import { css } from '@emotion/css';
import { type DataSourceSettings, type GrafanaTheme2 } from '@grafana/data';
import { isFetchError } from '@grafana/runtime';
import { Alert, Button, Field, Input, LinkButton, LoadingPlaceholder, Stack, useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { backendSrv } from '../grafana/backendSrv';
import type { DataSources } from '../grafana/dataSources';

/** What testDatasource answers or throws (HealthCheckError); Grafana shows these parts. */
interface TestResult {
  status?: string;
  message?: string;
  details?: { message?: string; verboseMessage?: string };
}

async function test(dataSources: DataSources, uid: string): Promise<TestResult> {
  try {
    return (await dataSources.instance(uid).testDatasource()) as TestResult;
  } catch (error) {
    const { message, details } = error as TestResult;
    return {
      status: 'error',
      details,
      message: isFetchError(error) ? (error.data?.message ?? error.statusText) : message,
    };
  }
}

/** The page where a data source is configured. */
export function ConfigPage({ uid, dataSources }: { uid: string; dataSources: DataSources }) {
  const styles = useStyles2(getStyles);
  const url = `/api/datasources/uid/${uid}`;
  const [settings, setSettings] = useState<DataSourceSettings>();
  const [result, setResult] = useState<TestResult>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    void backendSrv.get<DataSourceSettings>(url).then(setSettings);
  }, [url]);
  if (!settings) {
    return <LoadingPlaceholder text="Loading" />;
  }
  const saveAndTest = async () => {
    setBusy(true);
    setSettings(await backendSrv.put<DataSourceSettings>(url, settings));
    await dataSources.reload();
    setResult(await test(dataSources, uid));
    setBusy(false);
  };
  const { ConfigEditor } = dataSources.instance(uid).components!;
  return (
    <div className={styles.page}>
      <h1 className={styles.title}>{settings.name}</h1>
      <Field label="Name" noMargin>
        <Input
          width={40}
          value={settings.name}
          onChange={({ currentTarget }) => setSettings({ ...settings, name: currentTarget.value })}
        />
      </Field>
      {ConfigEditor && <ConfigEditor options={settings} onOptionsChange={setSettings} />}
      {result && <TestOutcome result={result} />}
      <Stack direction="row" gap={2}>
        <Button
          onClick={saveAndTest}
          disabled={busy}
          data-testid="data-testid Data source settings page Save and Test button"
        >
          Save & test
        </Button>
        <LinkButton href="/explore" variant="secondary" fill="outline">
          Explore data
        </LinkButton>
      </Stack>
    </div>
  );
}

function TestOutcome({ result }: { result: TestResult }) {
  const isError = result.status?.toLowerCase() !== 'success' && result.status?.toLowerCase() !== 'ok';
  const { message, verboseMessage } = result.details ?? {};
  return (
    <Alert
      severity={isError ? 'error' : 'success'}
      title={result.message ?? 'No message'}
      data-testid="data-testid Alert test-result"
      topSpacing={0}
      bottomSpacing={0}
    >
      {message}
      {verboseMessage && <pre>{verboseMessage}</pre>}
    </Alert>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ maxWidth: 880, margin: '0 auto', display: 'flex', flexDirection: 'column', gap: theme.spacing(2) }),
  title: css({ ...theme.typography.h3, margin: 0 }),
});
