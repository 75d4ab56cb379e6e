import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { FieldValidationMessage, Input, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { catalogue, findField, groupableFields } from '../../catalogue';
import { DEFAULT_LIMIT, type AccessQuery, type Direction, type FullQuery } from '../types';
import { Picker } from './input/Picker';
import { TokenInput } from './input/TokenInput';
import { applies, selectableColumns } from './model';
import { limitProblem, type Problem } from './problems';
import { ProblemText, Row } from './Row';
import { matching } from './suggestions';

interface Props {
  query: FullQuery;
  problems: Problem[];
  maxRows: number;
  onChange: (change: Partial<AccessQuery>) => void;
  onFix: (apply: (query: AccessQuery) => AccessQuery) => void;
  onEnter: () => void;
}

const DIRECTIONS: Array<{ value: Direction; label: string }> = [
  { value: 'desc', label: 'Newest first' },
  { value: 'asc', label: 'Oldest first' },
];

/** What a query counts by, or which columns it lists, in which order, and how many rows. Shows only what applies to the format. */
export function ChoiceRows(props: Props) {
  const { query, problems, onChange, onFix } = props;
  const apply = applies(query);
  return (
    <>
      {apply.groupBy && (
        <Row label="Count by">
          <GroupBy {...props} />
          {apply.limit && !apply.fields && <Limit {...props} />}
          <ProblemText problem={problems.find(({ at }) => at === 'groupBy')} onFix={onFix} />
        </Row>
      )}
      {apply.fields && (
        <Row label="Columns">
          <Columns {...props} />
          {apply.direction && (
            <Picker
              label="Order"
              value={query.direction ?? 'desc'}
              options={DIRECTIONS}
              minWidth={16}
              onChange={(direction) => onChange({ direction })}
            />
          )}
          <Limit {...props} />
        </Row>
      )}
    </>
  );
}

function GroupBy({ query, problems, onChange, onEnter }: Props) {
  const styles = useStyles2(getStyles);
  const fields = groupableFields(query.queryType).map(({ name, label }) => ({
    value: name,
    text: label,
    detail: name,
  }));
  return (
    <TokenInput
      label="Count by"
      className={styles.choices}
      values={query.groupBy}
      sortable
      listedOnly
      invalid={problems.some(({ at }) => at === 'groupBy')}
      placeholder={
        query.format === 'table'
          ? `nothing (one row for each ${catalogue[query.queryType].inventory ? catalogue[query.queryType].noun.one : 'event'})`
          : 'nothing (one series in total)'
      }
      emptyText="There is no field with this name."
      textOf={(name) => findField(query.queryType, name)?.label ?? name}
      load={(typed) => Promise.resolve(matching(fields, typed))}
      onChange={(groupBy) => onChange({ groupBy })}
      onEnter={onEnter}
    />
  );
}

function Columns({ query, onChange, onEnter }: Props) {
  const styles = useStyles2(getStyles);
  const columns = selectableColumns(query.queryType).map(({ name, label }) => ({
    value: name,
    text: label,
    detail: name,
  }));
  return (
    <TokenInput
      label="Columns"
      className={styles.choices}
      values={query.fields}
      sortable
      listedOnly
      placeholder="all"
      emptyText="There is no column with this name."
      textOf={(name) => columns.find(({ value }) => value === name)?.text ?? name}
      load={(typed) => Promise.resolve(matching(columns, typed))}
      onChange={(fields) => onChange({ fields: fields.length > 0 ? fields : undefined })}
      onEnter={onEnter}
    />
  );
}

function Limit({ query, maxRows, onChange, onEnter }: Props) {
  const styles = useStyles2(getStyles);
  const [draft, setDraft] = useState<string>();
  const shown = draft ?? String(query.limit ?? '');
  const problem = shown.trim() === '' ? undefined : limitProblem(Number(shown), maxRows);

  /** Takes over what the input shows. Returns whether the query had it already, and can therefore run. */
  const take = () => {
    if (problem) {
      return false;
    }
    setDraft(undefined);
    const limit = shown.trim() === '' ? undefined : Number(shown);
    if (limit !== query.limit) {
      onChange({ limit });
      return false;
    }
    return true;
  };

  return (
    <div className={styles.limit}>
      <Input
        aria-label="Limit"
        inputMode="numeric"
        prefix="Limit"
        width={18}
        placeholder={String(Math.min(DEFAULT_LIMIT, maxRows))}
        value={shown}
        invalid={problem !== undefined}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.metaKey) {
            event.preventDefault();
            if (take()) {
              onEnter();
            }
          }
        }}
      />
      {problem && <FieldValidationMessage>{problem}</FieldValidationMessage>}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  choices: css({ flex: '1 1 260px', minWidth: 200, maxWidth: theme.spacing(100) }),
  limit: css({ flex: '0 1 auto' }),
});
