import { config } from '@grafana/runtime';
import { Field, RadioButtonGroup, SecretTextArea, Switch } from '@grafana/ui';
import React, { useId } from 'react';

import { DEFAULT_API_URL, DEFAULT_MAX_ROWS, type AuthType, type MaskIdentities } from '../types';
import { NumberSetting, SecretSetting, TextSetting } from './fields';
import { Section } from './Section';
import { type Settings } from './settings';
import { TokenGuide } from './TokenGuide';
import { type Faults } from './validation';

interface Props {
  settings: Settings;
  faults: Faults;
}

const AUTH_TYPES: Array<{ value: AuthType; label: string }> = [
  { value: 'apiToken', label: 'API token' },
  { value: 'apiKey', label: 'E-mail and API key' },
];

/** The credential: an API token, or the global key of a user. */
export function Authentication(props: Props) {
  const { settings } = props;
  const authType = settings.settings.authType ?? 'apiToken';
  return (
    <Section
      title="Authentication"
      description="Secrets are kept encrypted by Grafana and never sent back to the browser."
    >
      <Field label="Method" noMargin>
        <RadioButtonGroup
          aria-label="Method"
          options={AUTH_TYPES}
          value={authType}
          onChange={(value) => settings.change({ authType: value })}
        />
      </Field>
      {authType === 'apiToken' ? (
        <>
          <TokenGuide isOpen={!settings.isConfigured('apiToken')} />
          <SecretSetting
            {...props}
            name="apiToken"
            label="API token"
            description="Read permissions on one account are enough."
            placeholder="Paste the token"
            required
          />
        </>
      ) : (
        <>
          <TextSetting
            {...props}
            name="email"
            label="E-mail"
            description="The address that the API key belongs to."
            placeholder="admin@example.com"
            required
          />
          <SecretSetting
            {...props}
            name="apiKey"
            label="Global API key"
            description="It can do all that its owner can. Prefer an API token."
            placeholder="Paste the key"
            required
          />
        </>
      )}
    </Section>
  );
}

/** What a query may cost, and what is kept. */
export function Limits(props: Props) {
  const { settings } = props;
  const accountRateId = useId();
  return (
    <Section title="Limits" description="Cloudflare’s rate limits are shared with everything else that you do there.">
      <NumberSetting
        {...props}
        name="maxRows"
        label="Maximum rows"
        description="The most events that one query reads. It is also the largest limit of a query."
        placeholder={String(DEFAULT_MAX_ROWS)}
      />
      <NumberSetting
        {...props}
        name="cacheLimitMb"
        label="Cache"
        description="Memory for events that were read before. 0 turns the cache off."
        placeholder="256"
        suffix="MB"
      />
      <TextSetting
        {...props}
        name="sealAfter"
        label="Seal after"
        description="The age after which Cloudflare is taken to have delivered all events. Younger ones are always read again."
        placeholder="15m"
        width={20}
      />
      <NumberSetting
        {...props}
        name="reservePercent"
        label="Reserve"
        description="The share of the rate limit that is left to the dashboard and to other tools."
        placeholder="10"
        suffix="%"
      />
      <Field
        label="Rate limit of the account"
        description="Use the GraphQL rate limit of the account instead of that of the user."
        htmlFor={accountRateId}
        noMargin
      >
        <Switch
          id={accountRateId}
          value={settings.settings.accountRateLimit ?? false}
          onChange={(event) => settings.change({ accountRateLimit: event.currentTarget.checked })}
        />
      </Field>
    </Section>
  );
}

const MASKS: Array<{ value: MaskIdentities; label: string; description: string }> = [
  { value: 'none', label: 'Show', description: 'Identities are shown as Cloudflare sends them' },
  { value: 'pseudonym', label: 'Pseudonyms', description: 'The same person always gets the same pseudonym' },
  { value: 'redact', label: 'Redact', description: 'Identities are left out' },
];

/** What happens to e-mail addresses, user IDs and the like before they leave the executable. */
export function Privacy(props: Props) {
  const { settings } = props;
  const mask = settings.settings.maskIdentities ?? 'none';
  return (
    <Section
      title="Privacy"
      description="E-mail addresses, user and device IDs, IP addresses and request bodies. They are masked before they reach the browser, an alert or a public dashboard."
    >
      <Field label="Identities" description={MASKS.find(({ value }) => value === mask)?.description} noMargin>
        <RadioButtonGroup
          aria-label="Identities"
          options={MASKS}
          value={mask}
          onChange={(value) => settings.change({ maskIdentities: value })}
        />
      </Field>
      {mask === 'pseudonym' && (
        <SecretSetting
          {...props}
          name="maskKey"
          label="Key"
          description="Pseudonyms are made with a key of your own. Another key gives other pseudonyms."
          placeholder="A long random text"
          required
        />
      )}
    </Section>
  );
}

/** How Cloudflare is reached. */
export function Advanced(props: Props) {
  const { settings } = props;
  const { settings: values } = settings;
  const ids = { skip: useId(), ca: useId(), cert: useId(), proxy: useId() };
  return (
    <Section title="Advanced">
      <TextSetting
        {...props}
        name="apiUrl"
        label="API URL"
        description="Change it only for a proxy in front of Cloudflare’s API, or for a simulated account."
        placeholder={DEFAULT_API_URL}
      />
      <NumberSetting
        {...props}
        name="timeout"
        label="Timeout"
        description="The longest that one call may take."
        placeholder="30"
        suffix="s"
      />
      <Field
        label="Own certificate authority"
        description="For a proxy whose certificate a private authority signed."
        htmlFor={ids.ca}
        noMargin
      >
        <Switch
          id={ids.ca}
          value={values.tlsAuthWithCACert ?? false}
          onChange={(event) => settings.change({ tlsAuthWithCACert: event.currentTarget.checked })}
        />
      </Field>
      {values.tlsAuthWithCACert && (
        <Field label="CA certificate" htmlFor={ids.cert} noMargin>
          <SecretTextArea
            id={ids.cert}
            rows={5}
            placeholder="-----BEGIN CERTIFICATE-----"
            isConfigured={settings.isConfigured('tlsCACert')}
            value={settings.secret('tlsCACert')}
            onChange={(event) => settings.changeSecret('tlsCACert', event.currentTarget.value)}
            onReset={() => settings.resetSecret('tlsCACert')}
          />
        </Field>
      )}
      <Field
        label="Skip TLS verification"
        description="Certificates are then not checked and the token can be read on the way. For tests only."
        htmlFor={ids.skip}
        noMargin
      >
        <Switch
          id={ids.skip}
          value={values.tlsSkipVerify ?? false}
          onChange={(event) => settings.change({ tlsSkipVerify: event.currentTarget.checked })}
        />
      </Field>
      {config.secureSocksDSProxyEnabled && (
        <Field
          label="Secure SOCKS proxy"
          description="Reach Cloudflare through Grafana’s secure SOCKS proxy."
          htmlFor={ids.proxy}
          noMargin
        >
          <Switch
            id={ids.proxy}
            value={values.enableSecureSocksProxy ?? false}
            onChange={(event) => settings.change({ enableSecureSocksProxy: event.currentTarget.checked })}
          />
        </Field>
      )}
    </Section>
  );
}
