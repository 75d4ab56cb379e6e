import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import React from 'react';

import { type Sequence, type Step } from '../../types';
import { FilterRows } from '../FilterRows';
import { DraftInput } from '../input/DraftInput';
import { Row, Words } from '../Row';
import { BOUNDS, wholeProblem } from './bounds';
import { ByInput } from './ByInput';
import { durationProblem } from './duration';
import { stepFilterAt } from './optionProblems';
import { OptionRow, RemoveButton, type OptionProps } from './OptionRow';

interface Props extends OptionProps {
  sequence: Sequence;
}

/** The steps of a sequence, each on its own line, and what holds them together. */
export function SequenceRows(props: Props) {
  const styles = useStyles2(getStyles);
  const { sequence, added, onChange, onEnter } = props;
  const { steps } = sequence;
  const change = (part: Partial<Sequence>) => onChange({ sequence: { ...sequence, ...part } });
  const addStep = () => change({ steps: [...steps.slice(0, -1), { filters: [] }, ...steps.slice(-1)] });
  return (
    <div className={styles.rows} role="group" aria-label="Sequence">
      {steps.map((step, index) => (
        <StepRow key={index} {...props} step={step} index={index} onSteps={(next) => change({ steps: next })} />
      ))}
      <OptionRow {...props} option="sequence" label="Within" name="Sequence within" what="sequence">
        <DraftInput
          label="Within"
          width={10}
          autoFocus={added === 'sequence'}
          value={sequence.within}
          problemOf={(text) => durationProblem(text, BOUNDS.within)}
          onTake={(within) => change({ within })}
          onEnter={onEnter}
        />
        <Words>of the same</Words>
        <ByInput {...props} label="Of the same" option="sequence" values={sequence.by} onBy={(by) => change({ by })} />
        {steps.length < BOUNDS.steps.most && (
          <Button variant="secondary" icon="plus" onClick={addStep}>
            Step
          </Button>
        )}
      </OptionRow>
    </div>
  );
}

interface StepProps extends Props {
  step: Step;
  index: number;
  onSteps: (steps: Step[]) => void;
}

function StepRow({ query, problems, sequence: { steps }, step, index, load, onSteps, onFix, onEnter }: StepProps) {
  const number = index + 1;
  const last = number === steps.length;
  const change = (part: Partial<Step>) =>
    onSteps(steps.map((other, place) => (place === index ? { ...step, ...part } : other)));
  return (
    <Row label={index === 0 ? 'First' : 'Then'} name={`Step ${number}`}>
      {!last && (
        <>
          <Words>at least</Words>
          <DraftInput
            label={`Step ${number} at least`}
            numeric
            width={8}
            value={String(step.atLeast ?? 1)}
            problemOf={(text) => wholeProblem(Number(text), BOUNDS.atLeast)}
            onTake={(text) => change({ atLeast: Number(text) })}
            onEnter={onEnter}
          />
        </>
      )}
      <FilterRows
        name={`Step ${number} filter`}
        addName={`Filter of step ${number}`}
        queryType={query.queryType}
        filters={step.filters ?? []}
        problems={problems}
        at={(filter) => stepFilterAt(index, filter)}
        load={load}
        onChange={(filters) => change({ filters })}
        onFix={onFix}
        onEnter={onEnter}
      />
      {steps.length > BOUNDS.steps.least && (
        <RemoveButton what={`step ${number}`} onRemove={() => onSteps(steps.filter((_, place) => place !== index))} />
      )}
    </Row>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  rows: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
});
