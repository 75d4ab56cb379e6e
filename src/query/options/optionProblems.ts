import { catalogue, findField } from '../../../catalogue';
import {
  COMPARE_SHOWS,
  HAVING_OPERATORS,
  type Compare,
  type FullQuery,
  type Having,
  type Measure,
  type Sequence,
} from '../../types';
import { conditionProblem } from '../filterProblems';
import { type Problem, type ProblemOptions } from '../problems';
import { hasVariable } from '../template';
import { BOUNDS, wholeProblem } from './bounds';
import { durationProblem, milliseconds } from './duration';
import { conflict, OPTION_NAMES, without, type OptionName } from './options';

/** Where the editor explains what is wrong with a filter of a step. */
export function stepFilterAt(step: number, filter: number): string {
  return `step ${step} filter ${filter}`;
}

/** What the button says that takes an option out which can't stand in the query. */
const LABELS: Record<OptionName, string> = {
  measure: 'Remove the measure',
  having: 'Remove the condition on groups',
  firstSeen: 'Remove “Only first seen”',
  sequence: 'Remove the sequence',
  compare: 'Remove the comparison',
};

/** What is wrong with fields that events are told apart by: there must be one, and events must be countable by each. */
function fieldsProblem({ queryType }: FullQuery, names: string[]): string | undefined {
  const unknown = names.find((name) => !hasVariable(name) && !findField(queryType, name)?.groupable);
  if (names.length === 0 || unknown === '') {
    return 'Choose at least one field.';
  }
  return unknown === undefined
    ? undefined
    : `${catalogue[queryType].title} can’t be counted by “${unknown}”. Choose another field.`;
}

function measureProblem(query: FullQuery, measure: Measure): string | undefined {
  switch (measure.type) {
    case 'count':
      return undefined;
    case 'distinct':
      return fieldsProblem(query, [measure.field ?? '']);
    default:
      return 'The measure must be count or distinct.';
  }
}

/** What is wrong with a number that groups are compared with, if anything. */
export function havingValueProblem(value: string): string | undefined {
  const number = value.trim() !== '' && Number.isFinite(Number(value));
  return number || hasVariable(value) ? undefined : 'Enter a number.';
}

function havingProblem({ operator, value }: Having): string | undefined {
  return HAVING_OPERATORS.includes(operator)
    ? havingValueProblem(String(value ?? ''))
    : `Groups can’t be chosen by “${operator}”. Use ${HAVING_OPERATORS.join(', ')}.`;
}

/** What is wrong with the distance of a comparison, if anything. */
export function shiftProblem({ queryType }: FullQuery, shift: string): string | undefined {
  const { minIntervalMs = 1, title } = catalogue[queryType];
  const length = milliseconds(shift);
  return (
    durationProblem(shift, BOUNDS.shift) ??
    (length !== undefined && length % minIntervalMs !== 0
      ? `For ${title.toLowerCase()}, enter a multiple of ${minIntervalMs / 1000} seconds.`
      : undefined)
  );
}

function compareProblem(query: FullQuery, { shift, times = 1, show }: Compare): string | undefined {
  const unknown = show !== undefined && !COMPARE_SHOWS.includes(show);
  return (
    shiftProblem(query, shift ?? '') ??
    wholeProblem(times, BOUNDS.times) ??
    (unknown ? `A comparison can’t show “${show}”. Use ${COMPARE_SHOWS.join(', ')}, or none for all.` : undefined)
  );
}

function sequenceProblem(query: FullQuery, { by = [], steps = [], within = '' }: Sequence): string | undefined {
  const { least, most } = BOUNDS.steps;
  const few = steps.length < least || steps.length > most;
  const last = steps.at(-1)?.atLeast ?? 1;
  return (
    (few ? `A sequence has ${least} to ${most} steps, not ${steps.length}.` : undefined) ??
    steps.map(({ atLeast = 1 }) => wholeProblem(atLeast, BOUNDS.atLeast)).find(Boolean) ??
    (last === 1 ? undefined : 'The last step is a single event. Put the number at an earlier step.') ??
    fieldsProblem(query, by) ??
    durationProblem(within, BOUNDS.within)
  );
}

function ownProblem(query: FullQuery, name: OptionName): string | undefined {
  const { measure, having, firstSeen, sequence, compare } = query;
  switch (name) {
    case 'measure':
      return measure && measureProblem(query, measure);
    case 'having':
      return having && havingProblem(having);
    case 'firstSeen':
      return (
        firstSeen &&
        (fieldsProblem(query, firstSeen.by ?? []) ?? durationProblem(firstSeen.history ?? '', BOUNDS.history))
      );
    case 'sequence':
      return sequence && sequenceProblem(query, sequence);
    case 'compare':
      return compare && compareProblem(query, compare);
  }
}

function stepProblems(query: FullQuery, options: ProblemOptions): Problem[] {
  const steps = query.sequence?.steps ?? [];
  return steps.flatMap(({ filters = [] }, step) =>
    filters.flatMap((filter, index) => conditionProblem(query, filter, stepFilterAt(step, index), options) ?? [])
  );
}

/** What prevents the options of a query from being answered. */
export function optionProblems(query: FullQuery, options: ProblemOptions): Problem[] {
  const own = OPTION_NAMES.flatMap((name): Problem[] => {
    const clash = query[name] && conflict(query, name);
    if (clash) {
      return [{ at: name, text: clash, fix: { label: LABELS[name], apply: without(name) } }];
    }
    const text = ownProblem(query, name);
    return text ? [{ at: name, text }] : [];
  });
  return [...own, ...stepProblems(query, options)];
}
