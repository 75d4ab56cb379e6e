import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

import { catalogue, QUERY_TYPES } from '../../catalogue';
import { Picker } from '../query/input/Picker';
import { GUARDED_RESOURCES, type Guarded, type Role } from '../types';
import { Section } from './Section';
import { type SectionProps } from './sections';

const RESOURCE_TITLES: Record<(typeof GUARDED_RESOURCES)[number], string> = {
  users: 'List of users',
  'identity-providers': 'List of identity providers',
  apps: 'List of applications',
  accounts: 'List of accounts',
  budget: 'Rate limit',
};

const GUARDED: Array<{ name: Guarded; title: string }> = [
  ...QUERY_TYPES.map((name) => ({ name, title: catalogue[name].title })),
  ...GUARDED_RESOURCES.map((name) => ({ name, title: RESOURCE_TITLES[name] })),
];

const EVERYBODY = 'everybody';

const OPTIONS: Array<{ value: Role | typeof EVERYBODY; label: string }> = [
  { value: EVERYBODY, label: 'Everybody' },
  { value: 'Viewer', label: 'Viewers' },
  { value: 'Editor', label: 'Editors' },
  { value: 'Admin', label: 'Administrators' },
];

/** Who may ask what. The executable enforces it. */
export function Roles({ settings }: SectionProps) {
  const styles = useStyles2(getStyles);
  const { minRoles = {} } = settings.settings;

  const set = (name: Guarded, role: Role | typeof EVERYBODY) => {
    const { [name]: _, ...others } = minRoles;
    const next = role === EVERYBODY ? others : { ...others, [name]: role };
    settings.change({ minRoles: Object.keys(next).length > 0 ? next : undefined });
  };

  return (
    <Section
      title="Roles"
      description="Who can use each query type and each list: everybody, also on externally shared dashboards, or people with at least this role in Grafana. Alert rules always work, so whoever can create them can query everything."
    >
      <div className={styles.grid}>
        {GUARDED.map(({ name, title }) => (
          <div key={name} className={styles.row}>
            <span>{title}</span>
            <Picker
              label={title}
              options={OPTIONS}
              value={minRoles[name] ?? EVERYBODY}
              minWidth={20}
              maxWidth={20}
              onChange={(role) => set(name, role)}
            />
          </div>
        ))}
      </div>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  grid: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  row: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5, 2),
    '& > span:first-of-type': { width: theme.spacing(26) },
  }),
});
