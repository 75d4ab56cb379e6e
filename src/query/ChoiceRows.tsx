import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { type ReactNode } from 'react';

import { catalogue, groupableFields } from '../../catalogue';
import { DEFAULT_LIMIT, type AccessQuery, type Direction, type FullQuery } from '../types';
import { DraftInput } from './input/DraftInput';
import { FieldsInput } from './input/FieldsInput';
import { Picker } from './input/Picker';
import { applies, selectableColumns } from './model';
import { limitProblem, type Problem } from './problems';
import { ProblemText, Row } from './Row';

interface Props {
  query: FullQuery;
  problems: Problem[];
  maxRows: number;
  /** What stands at the end of the first row that is there. */
  more: ReactNode;
  onChange: (change: Partial<AccessQuery>) => void;
  onFix: (apply: (query: AccessQuery) => AccessQuery) => void;
  onEnter: () => void;
}

const DIRECTIONS: Array<{ value: Direction; label: string }> = [
  { value: 'desc', label: 'Newest first' },
  { value: 'asc', label: 'Oldest first' },
];

function ungrouped(query: FullQuery): string {
  if (query.format === 'time_series') {
    return 'one series in total';
  }
  const { inventory, noun } = catalogue[query.queryType];
  return applies(query).fields ? `one row for each ${inventory ? noun.one : 'event'}` : 'one number in total';
}

/** What a query counts by, or which columns it lists, in which order, and how many rows. Shows only what applies to the format. */
export function ChoiceRows(props: Props) {
  const styles = useStyles2(getStyles);
  const { query, problems, more, onChange, onFix, onEnter } = props;
  const apply = applies(query);
  return (
    <>
      {apply.groupBy && (
        <Row label="Count by">
          <FieldsInput
            label="Count by"
            className={styles.choices}
            fields={groupableFields(query.queryType)}
            values={query.groupBy}
            invalid={problems.some(({ at }) => at === 'groupBy')}
            placeholder={`nothing (${ungrouped(query)})`}
            onChange={(groupBy) => onChange({ groupBy })}
            onEnter={onEnter}
          />
          {apply.limit && !apply.fields && <Limit {...props} />}
          {more}
          <ProblemText problem={problems.find(({ at }) => at === 'groupBy')} onFix={onFix} />
        </Row>
      )}
      {apply.fields && (
        <Row label="Columns">
          <FieldsInput
            label="Columns"
            className={styles.choices}
            fields={selectableColumns(query.queryType)}
            values={query.fields}
            placeholder="all"
            emptyText="There is no column with this name."
            onChange={(fields) => onChange({ fields: fields.length > 0 ? fields : undefined })}
            onEnter={onEnter}
          />
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
          {!apply.groupBy && more}
        </Row>
      )}
    </>
  );
}

function Limit({ query, maxRows, onChange, onEnter }: Props) {
  return (
    <DraftInput
      label="Limit"
      numeric
      prefix="Limit"
      width={18}
      placeholder={String(Math.min(DEFAULT_LIMIT, maxRows))}
      value={String(query.limit ?? '')}
      problemOf={(text) => (text.trim() === '' ? undefined : limitProblem(Number(text), maxRows))}
      onTake={(text) => onChange({ limit: text === '' ? undefined : Number(text) })}
      onEnter={onEnter}
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  choices: css({ flex: '1 1 260px', minWidth: 200, maxWidth: theme.spacing(100) }),
});
