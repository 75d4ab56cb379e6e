import React from 'react';

import { COMPARE_SHOWS, type Compare } from '../../types';
import { DraftInput } from '../input/DraftInput';
import { Picker } from '../input/Picker';
import { Words } from '../Row';
import { BOUNDS, wholeProblem } from './bounds';
import { shiftProblem } from './optionProblems';
import { OptionRow, type OptionProps } from './OptionRow';

/** Stands for no choice, which shows all. */
const ALL = 'all' as const;

const SHOWS = {
  all: { label: 'all of them', description: 'Value, baseline, and deviation' },
  value: { label: 'value', description: 'The count itself' },
  baseline: { label: 'baseline', description: 'The mean of the earlier values' },
  deviation: { label: 'deviation', description: 'Standard deviations above the mean; for alert rules' },
};
const OPTIONS = ([ALL, ...COMPARE_SHOWS] as const).map((value) => ({ value, ...SHOWS[value] }));

/** Which earlier values a series is compared with, and what of the comparison is shown. */
export function CompareRow(props: OptionProps & { compare: Compare }) {
  const { query, compare, added, onChange, onEnter } = props;
  const change = (part: Partial<Compare>) => onChange({ compare: { ...compare, ...part } });
  const show = (value: (typeof OPTIONS)[number]['value']) => {
    const { show: _, ...others } = compare;
    onChange({ compare: value === ALL ? others : { ...others, show: value } });
  };
  return (
    <OptionRow {...props} option="compare" label="Compare" name="Comparison" what="comparison">
      <Words>with</Words>
      <DraftInput
        label="Number of earlier values"
        numeric
        width={7}
        autoFocus={added === 'compare'}
        value={String(compare.times ?? 1)}
        problemOf={(text) => wholeProblem(Number(text), BOUNDS.times)}
        onTake={(text) => change({ times: Number(text) })}
        onEnter={onEnter}
      />
      <Words>earlier values,</Words>
      <DraftInput
        label="Time between them"
        width={8}
        value={compare.shift}
        problemOf={(text) => shiftProblem(query, text)}
        onTake={(shift) => change({ shift })}
        onEnter={onEnter}
      />
      <Words>apart, and show</Words>
      <Picker
        label="Shown of the comparison"
        value={compare.show ?? ALL}
        options={OPTIONS}
        minWidth={16}
        onChange={show}
      />
    </OptionRow>
  );
}
