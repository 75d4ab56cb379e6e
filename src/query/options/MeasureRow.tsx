import React from 'react';

import { catalogue, findField, groupableFields } from '../../../catalogue';
import { HAVING_OPERATORS, type Having } from '../../types';
import { DraftInput } from '../input/DraftInput';
import { Picker } from '../input/Picker';
import { Row, Words } from '../Row';
import { HAVING_WORDS } from '../sentence';
import { havingValueProblem } from './optionProblems';
import { OptionProblem, RemoveButton, type OptionProps } from './OptionRow';
import { without } from './options';

const OPERATORS = HAVING_OPERATORS.map((value) => ({ value, label: HAVING_WORDS[value] }));

/** What is counted in place of events, and which groups are kept by it: both say something about the same number. */
export function MeasureRow(props: OptionProps) {
  const { query, problems } = props;
  const { measure, having } = query;
  return (
    <Row label="Measure">
      {measure?.type === 'distinct' ? (
        <Distinct {...props} field={measure.field} />
      ) : (
        <Words>{catalogue[query.queryType].noun.many}</Words>
      )}
      {having && <Groups {...props} having={having} />}
      {(['measure', 'having'] as const).map((option) => (
        <OptionProblem key={option} option={option} problems={problems} onFix={props.onFix} />
      ))}
    </Row>
  );
}

function Distinct({ query, problems, added, field, onChange, onFix }: OptionProps & { field: string }) {
  const fields = groupableFields(query.queryType).map(({ name, label }) => ({ value: name, label }));
  const known = findField(query.queryType, field)?.groupable;
  return (
    <>
      <Words>different values of</Words>
      <Picker
        label="Measured field"
        value={field}
        options={known ? fields : [{ value: field, label: field }, ...fields]}
        minWidth={14}
        maxWidth={32}
        autoFocus={added === 'measure'}
        invalid={problems.some(({ at }) => at === 'measure')}
        onChange={(next) => onChange({ measure: { type: 'distinct', field: next } })}
      />
      <RemoveButton what="measure" onRemove={() => onFix(without('measure'))} />
    </>
  );
}

function Groups({ added, having, onChange, onFix, onEnter }: OptionProps & { having: Having }) {
  const change = (part: Partial<Having>) => onChange({ having: { ...having, ...part } });
  return (
    <>
      <Words>only groups with</Words>
      <Picker
        label="Condition on groups"
        value={having.operator}
        options={OPERATORS}
        minWidth={12}
        onChange={(operator) => change({ operator })}
      />
      <DraftInput
        label="Number that groups are compared with"
        numeric
        width={10}
        autoFocus={added === 'having'}
        value={String(having.value)}
        problemOf={havingValueProblem}
        onTake={(text) => change({ value: Number.isFinite(Number(text)) ? Number(text) : text })}
        onEnter={onEnter}
      />
      <RemoveButton what="condition on groups" onRemove={() => onFix(without('having'))} />
    </>
  );
}
