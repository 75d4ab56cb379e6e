import React from 'react';

import { AccountPicker } from './AccountPicker';
import { Limits } from './Limits';
import { Roles } from './Roles';
import { Section } from './Section';
import { Advanced, Authentication, Privacy } from './sections';
import { settingsOf, type EditorProps } from './settings';
import { settingsFaults } from './validation';

/** The data source's settings page. */
export function ConfigEditor(props: EditorProps) {
  const settings = settingsOf(props);
  const faults = settingsFaults(settings.settings, settings.secrets);
  const parts = { settings, faults };
  return (
    <div>
      <Section title="Connection" description="The data source reads the Access logs of one Cloudflare account.">
        <AccountPicker
          uid={props.options.uid}
          accountId={settings.settings.accountId ?? ''}
          fault={faults.accountId}
          onChange={(accountId) => settings.change({ accountId: accountId.trim().toLowerCase() || undefined })}
        />
      </Section>
      <Authentication {...parts} />
      <Limits {...parts} uid={props.options.uid} />
      <Privacy {...parts} />
      <Roles {...parts} />
      <Advanced {...parts} />
    </div>
  );
}
