import { css, cx } from '@emotion/css';
import { getBackendSrv } from '@grafana/runtime';
import { Field, useStyles2 } from '@grafana/ui';
import React, { useId, useState } from 'react';

import { getInputBoxStyles } from '../query/input/inputStyles';
import { SuggestInput } from '../query/input/SuggestInput';
import { matching } from '../query/suggestions';
import { type ResourceValue } from '../types';

interface Props {
  /** The data source's uid, whose saved token lists the accounts. */
  uid: string;
  accountId: string;
  fault: string | undefined;
  onChange: (accountId: string) => void;
}

interface InputProps extends Props {
  id: string;
}

/** A component of its own, because Field passes its state on to its child as props that a bare element doesn't know. */
function AccountInput({ id, uid, accountId, fault, onChange }: InputProps) {
  const styles = useStyles2(getInputBoxStyles);
  const [box, setBox] = useState<HTMLElement | null>(null);

  const load = async (typed: string) => {
    const path = `/api/datasources/uid/${encodeURIComponent(uid)}/resources/accounts`;
    const accounts = await getBackendSrv().get<ResourceValue[]>(path, undefined, undefined, { showErrorAlert: false });
    return matching(
      accounts.map(({ text, value }) => ({ text, value, detail: value })),
      typed
    );
  };

  return (
    <div ref={setBox} className={cx(styles.box, width, fault && styles.invalid)}>
      <SuggestInput
        id={id}
        label="Account ID"
        className={styles.input}
        placeholder="32 hexadecimal digits"
        initialText={accountId}
        keepText
        anchor={box}
        invalid={Boolean(fault)}
        emptyText="The token lists no accounts. Give it the permission Account Settings Read, or paste the account ID."
        load={load}
        onTake={([value]) => value !== accountId && onChange(value)}
      />
    </div>
  );
}

/** The account, which people choose from those that the saved token reaches, or type. */
export function AccountPicker(props: Props) {
  const id = useId();
  return (
    <Field
      label="Account ID"
      description="Paste the ID from the address of your Cloudflare dashboard. To choose from a list, save the token first."
      required
      invalid={Boolean(props.fault)}
      error={props.fault}
      htmlFor={id}
      noMargin
    >
      <AccountInput {...props} id={id} />
    </Field>
  );
}

const width = css({ maxWidth: 320 });
