import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { TextLink, useStyles2 } from '@grafana/ui';
import React from 'react';

import { catalogue, isQueryType, QUERY_TYPES, type QueryTypeName } from '../../catalogue';
import { Picker } from './input/Picker';
import { Row } from './Row';

interface Props {
  queryType: QueryTypeName;
  onChange: (queryType: QueryTypeName) => void;
}

const OPTIONS = QUERY_TYPES.map((value) => ({
  value,
  label: catalogue[value].title,
  description: catalogue[value].description,
}));

/** The query type, what it contains, how far back it reaches, and which permission it needs. */
export function SurfaceRow({ queryType, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const surface = isQueryType(queryType) ? catalogue[queryType] : undefined;
  return (
    <Row label="Search">
      <Picker label="Query type" value={queryType} options={OPTIONS} minWidth={34} onChange={onChange} />
      {surface && (
        <p className={styles.about}>
          <span>{surface.description}</span>
          <span>Retention: {surface.retention.text}</span>
          <span title={surface.permissionNote}>
            Needs <strong className={styles.permission}>{surface.permission}</strong>
          </span>
          <TextLink href={surface.documentation} external variant="bodySmall">
            Docs
          </TextLink>
        </p>
      )}
    </Row>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  about: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    flex: '1 1 320px',
    minHeight: theme.spacing(theme.components.height.md),
    margin: 0,
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    '& > *:not(:last-child)::after': {
      content: '"·"',
      margin: theme.spacing(0, 0.75),
      color: theme.colors.text.disabled,
    },
  }),
  permission: css({ fontWeight: theme.typography.fontWeightMedium, color: theme.colors.text.primary }),
});
