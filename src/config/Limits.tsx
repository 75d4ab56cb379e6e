import { Field, Switch } from '@grafana/ui';
import React, { useId } from 'react';

import { DEFAULT_MAX_ROWS } from '../types';
import { NumberSetting, TextSetting } from './fields';
import { ForgetButton } from './ForgetButton';
import { Section } from './Section';
import { type SectionProps } from './sections';

/** What a query may cost, and what is kept. */
export function Limits(props: SectionProps & { uid: string }) {
  const { settings } = props;
  const accountRateId = useId();
  return (
    <Section
      title="Limits"
      description="The data source shares Cloudflare’s rate limits with everything else that you do there."
    >
      <NumberSetting
        {...props}
        name="maxRows"
        label="Maximum rows"
        description="The largest number of events that one query reads. It is also the highest limit that a query can have."
        placeholder={String(DEFAULT_MAX_ROWS)}
      />
      <NumberSetting
        {...props}
        name="cacheLimitMb"
        label="Cache"
        description="Memory for events that the data source keeps. Enter 0 to turn the cache off."
        placeholder="256"
        suffix="MB"
      />
      <TextSetting
        {...props}
        name="sealAfter"
        label="Seal after"
        description="The age after which the data source assumes that Cloudflare has delivered all events. It always reads younger events again."
        placeholder="15m"
        width={20}
      />
      <TextSetting
        {...props}
        name="keepFor"
        label="Keep for"
        description="The greatest age of anything that the data source keeps in memory. Afterward, it reads from Cloudflare again what is needed."
        placeholder="24h"
        width={20}
      />
      <NumberSetting
        {...props}
        name="reservePercent"
        label="Reserve"
        description="The share of the rate limit that the data source leaves to the Cloudflare dashboard and other tools."
        placeholder="10"
        suffix="%"
      />
      <Field
        label="Account rate limit"
        description="Use the account’s GraphQL rate limit instead of the user’s."
        htmlFor={accountRateId}
        noMargin
      >
        <Switch
          id={accountRateId}
          value={settings.settings.accountRateLimit ?? false}
          onChange={(event) => settings.change({ accountRateLimit: event.currentTarget.checked })}
        />
      </Field>
      <ForgetButton uid={props.uid} />
    </Section>
  );
}
