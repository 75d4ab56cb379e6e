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

/**
 * One choice from a list. Screen readers read its name, but it isn't shown, because the row says it already.
 *
 * onChange comes a task after the choice. The Combobox calls its own while React still works on the click, and a page
 * that changes then can take it down: in Explore of Grafana 12.4, the tooltip of the time picker sets state from a ref
 * in every commit, until React gives up with "Maximum update depth exceeded". A click right after the pointer came
 * (an automated one, say) is enough.
 */
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
        onChange={(option) => setTimeout(onChange, 0, option.value)}
      />
    </div>
  );
}

const shrinkable = css({ minWidth: 0, maxWidth: '100%' });
