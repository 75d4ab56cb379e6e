import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { CollapsableSection, TextLink, useStyles2 } from '@grafana/ui';
import React from 'react';

import { LIST_PERMISSIONS, surfacePermissions, type Permission } from './permissions';

/** The steps in Cloudflare that lead to a token, with the exact names of its permissions. */
export function TokenGuide({ isOpen }: { isOpen: boolean }) {
  const styles = useStyles2(getStyles);
  return (
    <CollapsableSection label={<span className={styles.label}>How to create a token</span>} isOpen={isOpen}>
      <div className={styles.guide}>
        <ol>
          <li>
            In the{' '}
            <TextLink href="https://dash.cloudflare.com/profile/api-tokens" external inline>
              Cloudflare dashboard
            </TextLink>
            , go to <b>My Profile</b> &gt; <b>API Tokens</b>. For a token that belongs to the account instead of to you,
            go to <b>Manage Account</b> &gt; <b>Account API Tokens</b>.
          </li>
          <li>
            Select <b>Create Token</b>. Next to <b>Create Custom Token</b>, select <b>Get started</b>.
          </li>
          <li>
            Under <b>Permissions</b>, choose <b>Account</b> and add the permissions for the query types that you want to
            use.
            <Permissions permissions={surfacePermissions()} />
            For lists, names, and suggestions, also add these permissions:
            <Permissions permissions={LIST_PERMISSIONS} />
          </li>
          <li>
            Under <b>Account Resources</b>, include the account that this data source reads.
          </li>
          <li>
            Select <b>Continue to summary</b>, then <b>Create Token</b>. Copy the token and paste it below. Cloudflare
            shows it only once.
          </li>
        </ol>
      </div>
    </CollapsableSection>
  );
}

function Permissions({ permissions }: { permissions: Permission[] }) {
  const styles = useStyles2(getStyles);
  return (
    <table className={styles.table}>
      <tbody>
        {permissions.map(({ name, use }) => (
          <tr key={name}>
            <td>
              <strong>{name}</strong>
            </td>
            <td>{use}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  label: css({ fontSize: theme.typography.body.fontSize, fontWeight: theme.typography.fontWeightMedium }),
  guide: css({
    '& ol': { margin: 0, paddingLeft: theme.spacing(2.5) },
    '& li': { marginBottom: theme.spacing(1) },
  }),
  table: css({
    width: '100%',
    margin: theme.spacing(1, 0),
    borderCollapse: 'collapse',
    fontSize: theme.typography.bodySmall.fontSize,
    '& td': { padding: theme.spacing(0.5, 1), border: `1px solid ${theme.colors.border.weak}`, verticalAlign: 'top' },
    '& td:first-child': { width: '50%' },
    '& strong': { fontWeight: theme.typography.fontWeightMedium },
    '& td:last-child': { color: theme.colors.text.secondary },
  }),
});
