import { cx } from '@emotion/css';
import { IconButton, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { type Suggestion } from '../suggestions';
import { getInputBoxStyles } from './inputStyles';
import { SuggestInput } from './SuggestInput';
import { type LoadSuggestions } from './useSuggestions';

interface Props {
  label: string;
  values: string[];
  placeholder?: string;
  autoFocus?: boolean;
  className?: string;
  load: LoadSuggestions;
  emptyText?: string;
  /** Whether the input only accepts suggestions. */
  listedOnly?: boolean;
  /** Whether there is room for only one value, which another one replaces. */
  single?: boolean;
  /** Whether the order counts and can be changed, by dragging or by Alt and an arrow key. */
  sortable?: boolean;
  invalid?: boolean;
  /** What people read for a value, which is the value itself by default. */
  textOf?: (value: string) => string;
  onChange: (values: string[]) => void;
  /** Called on Enter in the empty input. */
  onEnter?: () => void;
}

function moved(values: string[], from: number, to: number): string[] {
  const rest = values.filter((_, index) => index !== from);
  rest.splice(Math.min(Math.max(to, 0), rest.length), 0, values[from]);
  return rest;
}

/** Several values as pills, with an input for the next one. */
export function TokenInput(props: Props) {
  const { label, values, load, single = false, sortable = false, onChange, textOf = String } = props;
  const styles = useStyles2(getInputBoxStyles);
  const [box, setBox] = useState<HTMLElement | null>(null);
  const [dragged, setDragged] = useState<number>();

  const loadOthers = async (typed: string): Promise<Suggestion[]> =>
    (await load(typed)).filter((suggestion) => !values.includes(suggestion.value));
  const add = (added: string[]) => onChange(single ? added.slice(-1) : [...new Set([...values, ...added])]);
  const remove = (index: number) => onChange(values.filter((_, other) => other !== index));

  const onPillKeyDown = (event: React.KeyboardEvent, index: number) => {
    const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (event.key === 'Delete' || event.key === 'Backspace') {
      event.preventDefault();
      remove(index);
    } else if (sortable && event.altKey && step !== 0) {
      event.preventDefault();
      onChange(moved(values, index, index + step));
    }
  };

  return (
    <div
      ref={setBox}
      role="group"
      aria-label={label}
      className={cx(styles.box, props.invalid && styles.invalid, props.className)}
      onClick={(event) => event.target === event.currentTarget && box?.querySelector('input')?.focus()}
    >
      {values.map((value, index) => (
        <span
          key={value}
          className={cx(styles.pill, dragged !== undefined && dragged !== index && styles.dropTarget)}
          draggable={sortable}
          onDragStart={() => setDragged(index)}
          onDragEnd={() => setDragged(undefined)}
          onDragOver={(event) => sortable && event.preventDefault()}
          onDrop={() => dragged !== undefined && onChange(moved(values, dragged, index))}
        >
          <span className={styles.pillText} title={textOf(value)}>
            {textOf(value) || '(empty)'}
          </span>
          <IconButton
            name="times"
            size="sm"
            aria-label={`Remove ${textOf(value) || '(empty)'}`}
            onKeyDown={(event) => onPillKeyDown(event, index)}
            onClick={() => remove(index)}
          />
        </span>
      ))}
      <SuggestInput
        label={label}
        className={styles.input}
        placeholder={values.length === 0 ? props.placeholder : undefined}
        autoFocus={props.autoFocus}
        load={loadOthers}
        emptyText={props.emptyText}
        listedOnly={props.listedOnly}
        invalid={props.invalid}
        anchor={box}
        onTake={add}
        onEnter={props.onEnter}
        onErase={() => values.length > 0 && remove(values.length - 1)}
      />
    </div>
  );
}
