import { type DataSourceApi, type QueryEditorProps } from '@grafana/data';
import { Field, Input, Stack } from '@grafana/ui';
import React, { useId, useState } from 'react';

import { catalogue, defaultGroupBy, groupableFields, ROW_TYPES, type QueryTypeName } from '../../catalogue';
import { Picker } from '../query/input/Picker';
import { type AccessOptions, type AccessQuery } from '../types';
import { DEFAULT_VARIABLE_QUERY } from './defaults';
import { type VariableQuery } from './types';

export type Props = QueryEditorProps<
  DataSourceApi<AccessQuery, AccessOptions>,
  AccessQuery,
  AccessOptions,
  VariableQuery
>;

const QUERY_TYPE_OPTIONS = ROW_TYPES.map((value) => ({
  value,
  label: catalogue[value].title,
  description: catalogue[value].description,
}));

/** In Grafana's grid units, wide enough for most descriptions of fields. */
const WIDTH = 52;

/** The editor of a query variable. */
export function VariableEditor({ query: saved, onChange, onRunQuery }: Props) {
  const prefixId = useId();
  const query = { ...DEFAULT_VARIABLE_QUERY, ...saved };
  const [prefix, setPrefix] = useState(query.prefix ?? '');
  const fields = catalogue[query.queryType].fields.filter(({ kind }) => kind !== 'time' && kind !== 'json');

  const update = (change: Partial<VariableQuery>) => {
    onChange({ ...query, ...change });
    onRunQuery();
  };
  const changeQueryType = (queryType: QueryTypeName) => {
    const kept = catalogue[queryType].fields.some(({ name }) => name === query.field);
    const field = defaultGroupBy(queryType)[0] ?? groupableFields(queryType)[0].name;
    update({ queryType, ...(!kept && { field }) });
  };
  const takePrefix = () => prefix !== (query.prefix ?? '') && update({ prefix: prefix || undefined });

  return (
    <Stack direction="column" gap={2}>
      <Field label="Query type" description="What the values come from." noMargin>
        <Picker
          label="Query type"
          value={query.queryType}
          options={QUERY_TYPE_OPTIONS}
          minWidth={WIDTH}
          onChange={changeQueryType}
        />
      </Field>
      <Field
        label="Field"
        description="The field whose values the variable lists, from the dashboard’s time range, most frequent first."
        noMargin
      >
        <Picker
          label="Field"
          value={query.field}
          options={fields.map(({ name, label, description }) => ({ value: name, label, description }))}
          minWidth={WIDTH}
          onChange={(field) => update({ field })}
        />
      </Field>
      <Field
        label="Starts with"
        description="Optional. Lists only values that start with this text. You can use other variables here."
        htmlFor={prefixId}
        noMargin
      >
        <Input
          id={prefixId}
          width={WIDTH}
          value={prefix}
          placeholder="any value"
          onChange={(event) => setPrefix(event.currentTarget.value)}
          onBlur={takePrefix}
          onKeyDown={(event) => event.key === 'Enter' && takePrefix()}
        />
      </Field>
    </Stack>
  );
}
