import { getBackendSrv, isFetchError } from '@grafana/runtime';
import { Button, Field, Stack } from '@grafana/ui';
import React, { useState } from 'react';

/** What the resource forget answers. */
interface Forgotten {
  rows: number;
  bytes: number;
}

function told({ rows, bytes }: Forgotten): string {
  return rows === 0
    ? 'Nothing was cached.'
    : `Forgot ${rows.toLocaleString('en')} events (${(bytes / (1 << 20)).toFixed(1)} MB), and all lists of users and applications.`;
}

function reasonOf(error: unknown): string {
  const said = isFetchError(error) ? error.data?.message : error instanceof Error ? error.message : undefined;
  return `Nothing was forgotten: ${said ?? 'the data source does not answer. Save it first.'}`;
}

/** Frees all that the data source keeps in memory, such as after a person asked to be erased. */
export function ForgetButton({ uid }: { uid: string }) {
  const [asksAgain, setAsksAgain] = useState(false);
  const [result, setResult] = useState('');

  const forget = async () => {
    setAsksAgain(false);
    try {
      const path = `/api/datasources/uid/${encodeURIComponent(uid)}/resources/forget`;
      setResult(told(await getBackendSrv().post<Forgotten>(path, {}, { showErrorAlert: false })));
    } catch (error) {
      setResult(reasonOf(error));
    }
  };

  return (
    <Field
      label="Cached data"
      description="Free everything that the data source keeps in memory. The next queries read it from Cloudflare again. Only administrators can do this."
      noMargin
    >
      <Stack alignItems="center" wrap="wrap">
        {asksAgain ? (
          <>
            <Button type="button" variant="destructive" onClick={forget}>
              Forget everything
            </Button>
            <Button type="button" variant="secondary" onClick={() => setAsksAgain(false)}>
              Cancel
            </Button>
          </>
        ) : (
          <Button
            type="button"
            variant="secondary"
            onClick={() => {
              setResult('');
              setAsksAgain(true);
            }}
          >
            Forget what is cached
          </Button>
        )}
        <span role="status">{result}</span>
      </Stack>
    </Field>
  );
}
