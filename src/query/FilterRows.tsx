import { css } from '@emotion/css';
import { Button, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { findField, type QueryTypeName } from '../../catalogue';
import { type AccessQuery, type Filter } from '../types';
import { FilterRow, type LoadValues } from './FilterRow';
import { filterFields } from './model';
import { type Problem } from './problems';
import { ProblemText } from './Row';

interface Props {
  /** What each row is called by screen readers, which read a number after it. */
  name: string;
  /** What the button that adds a row is called by screen readers, if "Filter" alone doesn't say where. */
  addName?: string;
  queryType: QueryTypeName;
  filters: Filter[];
  /** Fields that have a row whether there is a filter or not. */
  required?: string[];
  problems: Problem[];
  /** Where problems of the filter with this index are. */
  at: (index: number) => Problem['at'];
  load: LoadValues;
  onChange: (filters: Filter[]) => void;
  onFix: (apply: (query: AccessQuery) => AccessQuery) => void;
  onEnter: () => void;
}

interface Entry {
  filter: Filter;
  /** Index among the filters; undefined for a required filter that isn't there. */
  index?: number;
  required: boolean;
}

/** Required filters first, whether they are there or not, then the others in their order. */
function entries({ filters, required: fields = [] }: Props): Entry[] {
  const required = fields.map((field): Entry => {
    const index = filters.findIndex((filter) => filter.field === field);
    return {
      filter: filters[index] ?? { field, operator: '=', values: [] },
      index: index < 0 ? undefined : index,
      required: true,
    };
  });
  const shown = new Set(required.map(({ index }) => index));
  const others = filters.flatMap((filter, index): Entry[] =>
    shown.has(index) ? [] : [{ filter, index, required: false }]
  );
  return [...required, ...others];
}

/** The field that a new row starts with: the next that is not filtered by yet. */
function nextField({ queryType, filters }: Props): string {
  const used = new Set(filters.map((filter) => filter.field));
  const fields = filterFields(queryType).filter((field) => field.kind !== 'time');
  return (fields.find((field) => !used.has(field.name)) ?? fields[0]).name;
}

/** Conditions that events must meet, each with what is wrong with it. */
export function FilterRows(props: Props) {
  const { name, queryType, filters, problems, at, load, onChange, onFix, onEnter } = props;
  const styles = useStyles2(getStyles);
  const [added, setAdded] = useState<number>();

  const change = ({ index }: Entry, filter: Filter) =>
    onChange(
      index === undefined ? [filter, ...filters] : filters.map((other, place) => (place === index ? filter : other))
    );
  const remove = ({ index }: Entry) => {
    setAdded(undefined);
    onChange(filters.filter((_, place) => place !== index));
  };
  const add = () => {
    const field = nextField(props);
    setAdded(filters.length);
    onChange([...filters, { field, operator: findField(queryType, field)?.operators[0] ?? '=', values: [] }]);
  };

  return (
    <>
      {entries(props).map((entry, place) => {
        const { filter, index, required } = entry;
        const problem = problems.find(
          (one) => (required && one.at === filter.field) || (index !== undefined && one.at === at(index))
        );
        return (
          <div key={required ? filter.field : index} className={styles.entry}>
            <FilterRow
              name={`${name} ${place + 1}`}
              queryType={queryType}
              filter={filter}
              required={required}
              autoFocus={index === added && !required}
              invalid={problem !== undefined && !problem.missing}
              load={load}
              onChange={(next) => change(entry, next)}
              onRemove={required ? undefined : () => remove(entry)}
              onEnter={onEnter}
            />
            <ProblemText problem={problem} onFix={onFix} />
          </div>
        );
      })}
      <Button variant="secondary" icon="plus" aria-label={props.addName} onClick={add}>
        Filter
      </Button>
    </>
  );
}

const getStyles = () => ({ entry: css({ maxWidth: '100%' }) });
