import React from 'react';

import { TokenInput } from './TokenInput';
import { matching } from '../suggestions';

interface Props {
  label: string;
  className?: string;
  fields: Array<{ name: string; label: string }>;
  values: string[];
  placeholder?: string;
  emptyText?: string;
  autoFocus?: boolean;
  invalid?: boolean;
  onChange: (names: string[]) => void;
  onEnter: () => void;
}

/** Some of a query type's fields, in an order that people can change. */
export function FieldsInput({ fields, emptyText = 'There is no field with this name.', ...props }: Props) {
  const options = fields.map(({ name, label }) => ({ value: name, text: label, detail: name }));
  return (
    <TokenInput
      {...props}
      sortable
      listedOnly
      emptyText={emptyText}
      textOf={(name) => options.find(({ value }) => value === name)?.text ?? name}
      load={(typed) => Promise.resolve(matching(options, typed))}
    />
  );
}
