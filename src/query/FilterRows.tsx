import { css } from '@emotion/css';
import { Button, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { catalogue, findField } from '../../catalogue';
import { type AccessQuery, type Filter, type FullQuery } from '../types';
import { FilterRow, type LoadValues } from './FilterRow';
import { filterFields } from './model';
import { type Problem } from './problems';
import { ProblemText, Row } from './Row';

interface Props {
  query: FullQuery;
  problems: Problem[];
  load: LoadValues;
  onChange: (filters: Filter[]) => void;
  onFix: (apply: (query: AccessQuery) => AccessQuery) => void;
  onEnter: () => void;
}

interface Entry {
  filter: Filter;
  /** Index in the query's filters; undefined for a required filter that the query lacks. */
  index?: number;
  required: boolean;
}

/** Required filters first, whether the query has them or not, then the others in their order. */
function entries({ queryType, filters }: FullQuery): Entry[] {
  const { requiredFilters } = catalogue[queryType];
  const required = requiredFilters.map((field): Entry => {
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
function nextField({ queryType, filters }: FullQuery): string {
  const used = new Set(filters.map((filter) => filter.field));
  const fields = filterFields(queryType).filter((field) => field.kind !== 'time');
  return (fields.find((field) => !used.has(field.name)) ?? fields[0]).name;
}

/** The conditions that events must meet. */
export function FilterRows({ query, problems, load, onChange, onFix, onEnter }: Props) {
  const styles = useStyles2(getStyles);
  const [added, setAdded] = useState<number>();
  const { filters, queryType } = query;

  const change = ({ index }: Entry, filter: Filter) =>
    onChange(index === undefined ? [filter, ...filters] : filters.map((other, at) => (at === index ? filter : other)));
  const remove = ({ index }: Entry) => {
    setAdded(undefined);
    onChange(filters.filter((_, at) => at !== index));
  };
  const add = () => {
    const field = nextField(query);
    setAdded(filters.length);
    onChange([...filters, { field, operator: findField(queryType, field)?.operators[0] ?? '=', values: [] }]);
  };

  return (
    <Row label="Where">
      {entries(query).map((entry, place) => {
        const problem = problems.find(
          ({ at }) => (entry.required && at === entry.filter.field) || (entry.index !== undefined && at === entry.index)
        );
        return (
          <div key={entry.required ? entry.filter.field : entry.index} className={styles.entry}>
            <FilterRow
              name={`Filter ${place + 1}`}
              queryType={queryType}
              filter={entry.filter}
              required={entry.required}
              autoFocus={entry.index === added && !entry.required}
              invalid={problem !== undefined && !problem.missing}
              load={load}
              onChange={(filter) => change(entry, filter)}
              onRemove={entry.required ? undefined : () => remove(entry)}
              onEnter={onEnter}
            />
            <ProblemText problem={problem} onFix={onFix} />
          </div>
        );
      })}
      <Button variant="secondary" icon="plus" onClick={add}>
        Filter
      </Button>
    </Row>
  );
}

const getStyles = () => ({ entry: css({ maxWidth: '100%' }) });
