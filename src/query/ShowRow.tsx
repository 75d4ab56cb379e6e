import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { FieldValidationMessage, Input, RadioButtonGroup, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { type Format } from '../types';
import { pastedRayId } from './rayId';
import { Row } from './Row';
import { hasVariable } from './template';

interface Props {
  format: Format;
  /** Those that the surface has. With only one there is nothing to choose. */
  formats: readonly Format[];
  /** Whether the surface has Ray IDs and the format shows single events. */
  takesRayId: boolean;
  onFormat: (format: Format) => void;
  onRayId: (rayId: string) => void;
}

const FORMATS: Array<{ value: Format; label: string; description: string }> = [
  { value: 'time_series', label: 'Time series', description: 'Counts over time, for graphs and alerts' },
  { value: 'table', label: 'Table', description: 'Events, or counts by field' },
  { value: 'logs', label: 'Logs', description: 'Events as log lines' },
];

/** The shape of the answer, and where a Ray ID from a block page goes. */
export function ShowRow({ format, formats, takesRayId, onFormat, onRayId }: Props) {
  const styles = useStyles2(getStyles);
  if (formats.length === 1 && !takesRayId) {
    return null;
  }
  return (
    <Row label={formats.length > 1 ? 'Show' : 'Ray ID'}>
      {formats.length > 1 && (
        <div className={styles.format}>
          <RadioButtonGroup
            aria-label="Format"
            options={FORMATS.filter(({ value }) => formats.includes(value))}
            value={format}
            onChange={onFormat}
          />
        </div>
      )}
      {takesRayId && <RayIdBox onRayId={onRayId} />}
    </Row>
  );
}

function RayIdBox({ onRayId }: Pick<Props, 'onRayId'>) {
  const styles = useStyles2(getStyles);
  const [text, setText] = useState('');
  const [refused, setRefused] = useState(false);

  const take = () => {
    const typed = text.trim();
    const rayId = hasVariable(typed) ? typed : pastedRayId(typed);
    setRefused(typed !== '' && rayId === undefined);
    if (rayId !== undefined) {
      setText('');
      onRayId(rayId);
    }
  };

  return (
    <div className={styles.rayId}>
      <Input
        aria-label="Ray ID from a block page"
        placeholder="Paste a Ray ID from a block page"
        spellCheck={false}
        value={text}
        invalid={refused}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setRefused(false);
        }}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            take();
          }
        }}
      />
      {refused && (
        <FieldValidationMessage>A Ray ID looks like 8d3f0a1b2c3d4e5f or 8d3f0a1b2c3d4e5f-LHR.</FieldValidationMessage>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  format: css({ flex: '0 0 auto', marginRight: theme.spacing(1) }),
  rayId: css({ flex: '0 1 280px', minWidth: 220 }),
});
