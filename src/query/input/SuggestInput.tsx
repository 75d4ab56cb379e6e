import React, { useId, useState } from 'react';

import { type Suggestion } from '../suggestions';
import { optionId, SuggestionList } from './SuggestionList';
import { useSuggestions, type LoadSuggestions } from './useSuggestions';

interface Props {
  label: string;
  id?: string;
  className?: string;
  placeholder?: string;
  autoFocus?: boolean;
  /** Text that the input starts with; it is read once. */
  initialText?: string;
  load: LoadSuggestions;
  /** What the list says if there is nothing to choose from. */
  emptyText?: string;
  /** Whether the input only accepts suggestions. */
  listedOnly?: boolean;
  /** Whether the text stays after it was taken, as in an input for one value. */
  keepText?: boolean;
  /** Whether the input contains something that isn't allowed. */
  invalid?: boolean;
  /** Element that the list is placed under. */
  anchor: HTMLElement | null;
  /** Called when a value was chosen from the list, or typed and confirmed by Enter or by leaving. Pasted lines come together. */
  onTake: (values: string[]) => void;
  /** Called on Enter without a text. */
  onEnter?: () => void;
  /** Called on Backspace without a text. */
  onErase?: () => void;
}

/** The suggestion that a text names in full. */
function named(text: string, found: Suggestion[]): Suggestion | undefined {
  const search = text.toLowerCase();
  return found.find((suggestion) => [suggestion.text, suggestion.value].some((name) => name.toLowerCase() === search));
}

/** A text input with suggestions, as the ARIA combobox pattern has it. */
export function SuggestInput(props: Props) {
  const { label, load, listedOnly = false, keepText = false, onTake, anchor } = props;
  const listId = useId();
  const [text, setText] = useState(props.initialText ?? '');
  // Where suggestions are the only choice, the best one is what Enter takes.
  const { state, open, type, close, move } = useSuggestions(
    load,
    listedOnly && text !== '',
    listedOnly ? 0 : undefined
  );

  const take = (values: string[], shown = '') => {
    close();
    setText(keepText ? shown : '');
    onTake(values);
  };
  /** Takes the suggestion that the text names, or on Enter the best one; the list on screen can be an older one. */
  const takeListed = async (typed: string, best: boolean) => {
    const found = typed === '' ? [] : await load(typed);
    const suggestion = named(typed, found) ?? (best ? found[0] : undefined);
    close();
    setText('');
    if (suggestion) {
      onTake([suggestion.value]);
    }
  };
  const takeTyped = (best: boolean) => {
    const typed = text.trim();
    if (listedOnly) {
      void takeListed(typed, best);
    } else if (typed !== '' || keepText) {
      take([typed], typed);
    } else {
      close();
      setText('');
    }
  };
  const pick = (suggestion: Suggestion) => take([suggestion.value], suggestion.value);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const chosen = state.found[state.active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (state.open) {
        move(event.key === 'ArrowDown' ? 1 : -1);
      } else {
        open(keepText ? '' : text);
      }
    } else if (event.key === 'Escape' && state.open) {
      event.stopPropagation();
      close();
    } else if (event.key === 'Backspace' && text === '') {
      props.onErase?.();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
      // Grafana's alert rule editor is a form that Enter would submit.
      event.preventDefault();
      if (state.open && chosen) {
        pick(chosen);
      } else if (text.trim() !== '') {
        takeTyped(true);
      } else {
        close();
        props.onEnter?.();
      }
    }
  };

  const onPaste = (event: React.ClipboardEvent) => {
    const lines = event.clipboardData
      .getData('text')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter(Boolean);
    if (!keepText && !listedOnly && lines.length > 1) {
      event.preventDefault();
      take(lines);
    }
  };

  return (
    <>
      <input
        type="text"
        role="combobox"
        id={props.id}
        className={props.className}
        autoComplete="off"
        spellCheck={false}
        autoFocus={props.autoFocus}
        placeholder={props.placeholder}
        aria-label={label}
        aria-autocomplete="list"
        aria-expanded={state.open}
        aria-controls={listId}
        aria-activedescendant={state.active >= 0 ? optionId(listId, state.active) : undefined}
        aria-invalid={props.invalid}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          type(event.target.value);
        }}
        onClick={() => !state.open && open(keepText ? '' : text)}
        onBlur={() => takeTyped(false)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      {state.open && anchor && (
        <SuggestionList
          id={listId}
          label={label}
          anchor={anchor}
          state={state}
          emptyText={props.emptyText ?? 'No suggestions. Type a value and press Enter.'}
          onPick={pick}
        />
      )}
    </>
  );
}
