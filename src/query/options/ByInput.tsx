import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React from 'react';

import { groupableFields } from '../../../catalogue';
import { FieldsInput } from '../input/FieldsInput';
import { type OptionProps } from './OptionRow';
import { type OptionName } from './options';

interface Props extends OptionProps {
  label: string;
  option: OptionName;
  values: string[];
  autoFocus?: boolean;
  onBy: (by: string[]) => void;
}

/** The fields that tell events apart: those with the same values belong together. */
export function ByInput({ query, problems, label, option, values, autoFocus, onBy, onEnter }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <FieldsInput
      label={label}
      className={styles.fields}
      fields={groupableFields(query.queryType)}
      values={values}
      autoFocus={autoFocus}
      invalid={problems.some(({ at }) => at === option)}
      onChange={onBy}
      onEnter={onEnter}
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  fields: css({ flex: '0 1 auto', minWidth: 200, maxWidth: theme.spacing(70) }),
});
