import { config } from '@grafana/runtime';
import { Field, RadioButtonGroup, SecretTextArea, Switch } from '@grafana/ui';
import React, { useId } from 'react';

import { DEFAULT_API_URL, type AuthType, type MaskIdentities } from '../types';
import { NumberSetting, SecretSetting, TextSetting } from './fields';
import { Section } from './Section';
import { type Settings } from './settings';
import { TokenGuide } from './TokenGuide';
import { type Faults } from './validation';

/** What every section gets. */
export interface SectionProps {
  settings: Settings;
  faults: Faults;
}

const AUTH_TYPES: Array<{ value: AuthType; label: string }> = [
  { value: 'apiToken', label: 'API token' },
  { value: 'apiKey', label: 'Email and API key' },
];

/** The credential, which is an API token or the global key of a user. */
export function Authentication(props: SectionProps) {
  const { settings } = props;
  const authType = settings.settings.authType ?? 'apiToken';
  return (
    <Section title="Authentication" description="Grafana encrypts secrets and never sends them back to the browser.">
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
            description="The token only needs read permissions on one account."
            placeholder="Paste the token"
            required
          />
        </>
      ) : (
        <>
          <TextSetting
            {...props}
            name="email"
            label="Email"
            description="The email address of the Cloudflare user that the API key belongs to."
            placeholder="admin@example.com"
            required
          />
          <SecretSetting
            {...props}
            name="apiKey"
            label="Global API key"
            description="The key can do everything that its owner can do. Use an API token if possible."
            placeholder="Paste the key"
            required
          />
        </>
      )}
    </Section>
  );
}

const MASKS: Array<{ value: MaskIdentities; label: string; description: string }> = [
  { value: 'none', label: 'Show', description: 'Identities appear as Cloudflare sends them.' },
  { value: 'pseudonym', label: 'Pseudonyms', description: 'The same person always gets the same pseudonym.' },
  { value: 'redact', label: 'Redact', description: 'Identities are hidden.' },
];

/** What happens to email addresses, user IDs, and the like before they leave the executable. */
export function Privacy(props: SectionProps) {
  const { settings } = props;
  const mask = settings.settings.maskIdentities ?? 'none';
  return (
    <Section
      title="Privacy"
      description="The data source can mask email addresses, user and device IDs, IP addresses, and free text that can name a person before they reach the browser, an alert, or an externally shared dashboard."
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
          description="The data source makes pseudonyms with your own key of at least 16 characters. A different key makes different pseudonyms."
          placeholder="A long random text"
          required
        />
      )}
    </Section>
  );
}

/** How Cloudflare is reached. */
export function Advanced(props: SectionProps) {
  const { settings } = props;
  const { settings: values } = settings;
  const ids = { skip: useId(), ca: useId(), cert: useId(), proxy: useId() };
  return (
    <Section title="Advanced">
      <TextSetting
        {...props}
        name="apiUrl"
        label="API URL"
        description="Change the URL only for a proxy in front of Cloudflare’s API or for a simulated account. The Grafana server must allow its host. For another host, enter the token again."
        placeholder={DEFAULT_API_URL}
      />
      <NumberSetting
        {...props}
        name="timeout"
        label="Timeout"
        description="The longest time that one call may take."
        placeholder="30"
        suffix="s"
      />
      <Field
        label="Custom certificate authority"
        description="Use this for a proxy whose certificate is signed by a private authority."
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
        description="Don’t check certificates. Others can then read the token on its way to Cloudflare. Use this for tests only."
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
