import { Field, Input, SecretInput } from '@grafana/ui';
import React, { useId, type ReactNode } from 'react';

import { type AccessOptions, type AccessSecrets } from '../types';
import { type Settings } from './settings';
import { type Faults } from './validation';

type KeysOf<T, V> = { [K in keyof T]-?: T[K] extends V | undefined ? K : never }[keyof T];

interface CommonProps {
  label: string;
  description: ReactNode;
  settings: Settings;
  faults: Faults;
  placeholder?: string;
  required?: boolean;
  width?: number;
}

interface TextProps extends CommonProps {
  name: Exclude<
    KeysOf<AccessOptions, string>,
    'authType' | 'maskIdentities' | 'alertmanagerUid' | 'defaultRegion' | 'profile'
  >;
}

/** A setting that is a text. An empty one has its default. */
export function TextSetting(props: TextProps) {
  return <InputSetting {...props} parse={(text) => text} />;
}

interface NumberProps extends CommonProps {
  name: 'cacheLimitMb' | 'maxRows' | 'reservePercent' | 'timeout';
  suffix?: string;
}

/** A setting that is a whole number. An empty one has its default. */
export function NumberSetting(props: NumberProps) {
  return <InputSetting width={20} {...props} type="number" parse={Number} />;
}

interface InputProps extends CommonProps {
  name: TextProps['name'] | NumberProps['name'];
  type?: 'number';
  suffix?: string;
  parse: (text: string) => string | number;
}

function InputSetting({
  name,
  label,
  description,
  settings,
  faults,
  placeholder,
  required,
  width = 40,
  type,
  suffix,
  parse,
}: InputProps) {
  const id = useId();
  return (
    <Field
      label={label}
      description={description}
      required={required}
      invalid={Boolean(faults[name])}
      error={faults[name]}
      htmlFor={id}
      noMargin
    >
      <Input
        id={id}
        type={type}
        width={width}
        suffix={suffix}
        placeholder={placeholder}
        value={settings.settings[name] ?? ''}
        onChange={({ currentTarget: { value } }) =>
          settings.change({ [name]: value === '' ? undefined : parse(value) })
        }
      />
    </Field>
  );
}

interface SecretProps extends CommonProps {
  name: keyof AccessSecrets;
}

/** A secret. After it was saved, it is never shown again: people only see that there is one, and can reset it. */
export function SecretSetting({
  name,
  label,
  description,
  settings,
  faults,
  placeholder,
  required,
  width = 40,
}: SecretProps) {
  const id = useId();
  return (
    <Field
      label={label}
      description={description}
      required={required}
      invalid={Boolean(faults[name])}
      error={faults[name]}
      htmlFor={id}
      noMargin
    >
      <SecretInput
        id={id}
        width={width}
        placeholder={placeholder}
        autoComplete="new-password"
        isConfigured={settings.isConfigured(name)}
        value={settings.secret(name)}
        onChange={(event) => settings.changeSecret(name, event.currentTarget.value)}
        onReset={() => settings.resetSecret(name)}
      />
    </Field>
  );
}
