import { FieldValidationMessage, Input } from '@grafana/ui';
import React, { useState } from 'react';

interface Props {
  label: string;
  value: string;
  prefix?: string;
  placeholder?: string;
  /** In units of 8 px. */
  width: number;
  numeric?: boolean;
  autoFocus?: boolean;
  /** What is wrong with a text, if anything. The query never gets such a text. */
  problemOf: (text: string) => string | undefined;
  /** Called with a new text on Enter or when the input is left. */
  onTake: (text: string) => void;
  /** Called on Enter if the query has the text already. */
  onEnter: () => void;
}

/** A short text, such as a number, that the query takes over on Enter or when the input is left, if nothing is wrong with it. */
export function DraftInput(props: Props) {
  const [draft, setDraft] = useState<string>();
  const shown = draft ?? props.value;
  const problem = props.problemOf(shown);

  /** Takes over what the input shows. Returns whether the query had it already, and can therefore run. */
  const take = () => {
    if (problem) {
      return false;
    }
    setDraft(undefined);
    const text = shown.trim();
    if (text !== props.value) {
      props.onTake(text);
      return false;
    }
    return true;
  };

  return (
    <div>
      <Input
        aria-label={props.label}
        inputMode={props.numeric ? 'numeric' : undefined}
        prefix={props.prefix}
        width={props.width}
        placeholder={props.placeholder}
        autoFocus={props.autoFocus}
        value={shown}
        invalid={problem !== undefined}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            if (take()) {
              props.onEnter();
            }
          }
        }}
      />
      {problem && <FieldValidationMessage>{problem}</FieldValidationMessage>}
    </div>
  );
}
