import { css } from '@emotion/css';
import { Combobox, type ComboboxOption } from '@grafana/ui';
import React, { useId } from 'react';

interface Props<T extends string> {
  label: string;
  value: T;
  options: Array<ComboboxOption<T>>;
  minWidth: number;
  maxWidth?: number;
  autoFocus?: boolean;
  invalid?: boolean;
  onChange: (value: T) => void;
}

/** One choice of a list. Its name is read aloud but not shown: the row says it already. */
export function Picker<T extends string>({
  label,
  value,
  options,
  minWidth,
  maxWidth,
  autoFocus,
  invalid,
  onChange,
}: Props<T>) {
  const labelId = useId();
  return (
    <div className={shrinkable}>
      <span id={labelId} hidden>
        {label}
      </span>
      <Combobox
        aria-labelledby={labelId}
        width="auto"
        minWidth={minWidth}
        maxWidth={maxWidth}
        autoFocus={autoFocus}
        invalid={invalid}
        options={options}
        value={value}
        onChange={(option) => onChange(option.value)}
      />
    </div>
  );
}

const shrinkable = css({ minWidth: 0, maxWidth: '100%' });
