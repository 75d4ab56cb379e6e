import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import React, { type ReactNode } from 'react';

import { type AccessQuery, type FullQuery } from '../../types';
import { type LoadValues } from '../FilterRow';
import { type Problem } from '../problems';
import { ProblemText, Row } from '../Row';
import { without, type OptionName } from './options';

/** What every row of an option gets. */
export interface OptionProps {
  query: FullQuery;
  problems: Problem[];
  /** The option that was just asked for, whose first choice gets the focus. */
  added: OptionName | undefined;
  load: LoadValues;
  onChange: (change: Partial<AccessQuery>) => void;
  onFix: (apply: (query: AccessQuery) => AccessQuery) => void;
  onEnter: () => void;
}

interface Props extends OptionProps {
  option: OptionName;
  /** First word of the line. */
  label: string;
  /** What screen readers call the line, if that is more than its first word. */
  name?: string;
  /** What its button removes, as screen readers say it. */
  what: string;
  children: ReactNode;
}

/** The line of an option, with the button that removes it and what is wrong with it. */
export function OptionRow({ option, label, name, what, children, ...props }: Props) {
  return (
    <Row label={label} name={name}>
      {children}
      <RemoveButton what={what} onRemove={() => props.onFix(without(option))} />
      <OptionProblem option={option} {...props} />
    </Row>
  );
}

interface RemoveProps {
  /** What is removed, for people who can't see where the button stands. */
  what: string;
  onRemove: () => void;
}

/** A button between the choices of a line that removes some of them. */
export function RemoveButton({ what, onRemove }: RemoveProps) {
  const styles = useStyles2(getStyles);
  return <IconButton name="times" className={styles.remove} tooltip={`Remove ${what}`} onClick={onRemove} />;
}

export function OptionProblem({
  option,
  problems,
  onFix,
}: Pick<OptionProps, 'problems' | 'onFix'> & { option: OptionName }) {
  return <ProblemText problem={problems.find(({ at }) => at === option)} onFix={onFix} />;
}

const getStyles = (theme: GrafanaTheme2) => ({
  // What lights up under the pointer is wider than the button.
  remove: css({ height: theme.spacing(theme.components.height.md), marginRight: theme.spacing(0.5) }),
});
