import React from 'react';

import { type FirstSeen } from '../../types';
import { DraftInput } from '../input/DraftInput';
import { Words } from '../Row';
import { BOUNDS } from './bounds';
import { ByInput } from './ByInput';
import { durationProblem } from './duration';
import { OptionRow, type OptionProps } from './OptionRow';

/** Which values an event must have before any other had them, and for how long. */
export function FirstSeenRow(props: OptionProps & { firstSeen: FirstSeen }) {
  const { firstSeen, added, onChange, onEnter } = props;
  const change = (part: Partial<FirstSeen>) => onChange({ firstSeen: { ...firstSeen, ...part } });
  return (
    <OptionRow {...props} option="firstSeen" label="First seen" name="Only first seen" what="first seen">
      <Words>only the first of each</Words>
      <ByInput
        {...props}
        label="First seen by"
        option="firstSeen"
        values={firstSeen.by}
        autoFocus={added === 'firstSeen'}
        onBy={(by) => change({ by })}
      />
      <Words>in</Words>
      <DraftInput
        label="History"
        width={10}
        value={firstSeen.history}
        problemOf={(text) => durationProblem(text, BOUNDS.history)}
        onTake={(history) => change({ history })}
        onEnter={onEnter}
      />
    </OptionRow>
  );
}
