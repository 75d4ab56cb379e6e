import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import React from 'react';

import { findField, OPERATORS, type CatalogueField, type Operator, type QueryTypeName } from '../../catalogue';
import { type Filter } from '../types';
import { Picker } from './input/Picker';
import { TokenInput } from './input/TokenInput';
import { type LoadSuggestions } from './input/useSuggestions';
import { filterFields } from './model';
import { pastedRayId } from './rayId';
import { hasVariable } from './template';

/** What each operator means, short enough for a list that is as narrow as its input. */
const MEANINGS = {
  '=': 'any of',
  '!=': 'none of',
  contains: 'any of',
  '!contains': 'none of',
  '=~': 'matches RE2',
  '!~': 'doesn’t match',
  '<': 'below',
  '<=': 'at most',
  '>': 'above',
  '>=': 'at least',
  in: 'in CIDR block',
  '!in': 'not in block',
} satisfies Record<Operator, string>;

const COMPARISONS: Operator[] = ['<', '<=', '>', '>='];

export type LoadValues = (field: CatalogueField, typed: string) => ReturnType<LoadSuggestions>;

interface Props {
  /** Name for screen readers, such as Filter 1. */
  name: string;
  queryType: QueryTypeName;
  filter: Filter;
  /** Whether the query type can't be queried without it, in which case its field and operator can't be changed. */
  required?: boolean;
  autoFocus?: boolean;
  invalid: boolean;
  load: LoadValues;
  onChange: (filter: Filter) => void;
  onRemove?: () => void;
  onEnter: () => void;
}

function placeholder(field: CatalogueField | undefined, operator: Operator): string {
  if (operator === '=~' || operator === '!~') {
    return 'regular expression';
  }
  switch (field?.kind) {
    case 'time':
      return '2026-01-31T08:00:00Z';
    case 'country':
      return 'GB';
    case 'rayId':
      return '8d3f0a1b2c3d4e5f';
    case 'ip':
      return '192.0.2.1';
    case 'number':
      return 'number';
    default:
      return field?.suggest === 'users' ? 'email or ID' : 'value or $variable';
  }
}

/** Ray IDs are kept as Cloudflare writes them, however they were pasted. */
function tidy(field: CatalogueField | undefined, operator: Operator, values: string[]): string[] {
  const exact = operator === '=' || operator === '!=';
  return field?.kind === 'rayId' && exact
    ? values.map((value) => (hasVariable(value) ? value : (pastedRayId(value) ?? value)))
    : values;
}

/** A field that the surface does not know stays in the list, so the row shows what the query says. */
function fieldOptions(queryType: QueryTypeName, name: string) {
  const known = filterFields(queryType).map(({ name: value, label }) => ({ value, label }));
  return known.some(({ value }) => value === name) ? known : [{ value: name, label: name }, ...known];
}

function operatorOptions(field: CatalogueField | undefined, current: Operator) {
  const allowed = OPERATORS.filter(
    (operator) => operator === current || (field?.operators ?? OPERATORS).includes(operator)
  );
  return allowed.map((value) => ({ value, label: value, description: MEANINGS[value] }));
}

/** One condition: field, operator and values. */
export function FilterRow(props: Props) {
  const { name, queryType, filter, required = false, load, onChange } = props;
  const styles = useStyles2(getStyles);
  const field = findField(queryType, filter.field);

  const changeField = (next: string) => {
    const allowed = findField(queryType, next)?.operators ?? [];
    onChange({
      field: next,
      operator: allowed.includes(filter.operator) ? filter.operator : (allowed[0] ?? '='),
      values: [],
    });
  };
  const changeOperator = (operator: Operator) =>
    onChange({
      ...filter,
      operator,
      values: COMPARISONS.includes(operator) ? filter.values.slice(0, 1) : filter.values,
    });

  return (
    <div className={styles.filter} role="group" aria-label={name} title={field?.description}>
      {required ? (
        <span className={styles.fixed}>
          {field?.label ?? filter.field} <span className={styles.required}>required</span>
        </span>
      ) : (
        <>
          <Picker
            label={`${name} field`}
            value={filter.field}
            options={fieldOptions(queryType, filter.field)}
            minWidth={14}
            maxWidth={32}
            autoFocus={props.autoFocus}
            onChange={changeField}
          />
          <Picker
            label={`${name} operator`}
            value={filter.operator}
            options={operatorOptions(field, filter.operator)}
            minWidth={11}
            onChange={changeOperator}
          />
        </>
      )}
      <div className={styles.values}>
        <TokenInput
          label={`${name} values`}
          className={styles.input}
          values={filter.values}
          single={COMPARISONS.includes(filter.operator)}
          placeholder={placeholder(field, filter.operator)}
          invalid={props.invalid}
          load={(typed) => (field ? load(field, typed) : Promise.resolve([]))}
          onChange={(values) => onChange({ ...filter, values: tidy(field, filter.operator, values) })}
          onEnter={props.onEnter}
        />
        {props.onRemove && (
          <IconButton name="times" tooltip={`Remove ${name.toLowerCase()}`} onClick={props.onRemove} />
        )}
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  filter: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(0.5), maxWidth: '100%' }),
  // The button that removes a filter stays beside its values, however narrow the editor is.
  values: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(0.5), flex: '1 1 auto', minWidth: 210 }),
  input: css({ flex: '1 1 auto', minWidth: 0 }),
  fixed: css({ lineHeight: theme.spacing(theme.components.height.md), paddingRight: theme.spacing(0.5) }),
  required: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
