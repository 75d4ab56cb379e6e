import { locationService } from '@grafana/runtime';
import { Alert, AutoSizeInput, InlineField, MultiSelect, Select, Stack } from '@grafana/ui';
import type { LoadedVariable } from './variables';

/** The choices of a dashboard's variables, and which of them could not be loaded. */
export function VariableBar({ variables }: { variables: LoadedVariable[] }) {
  const shown = variables.filter(({ hide, type }) => hide !== 2 && type !== 'datasource');
  const failed = variables.filter(({ failure }) => failure);
  return (
    <>
      <Stack wrap="wrap" gap={1}>
        {shown.map((variable) => (
          <VariableSelect key={variable.name} variable={variable} />
        ))}
      </Stack>
      {failed.map(({ name, label, failure }) => (
        <Alert key={name} severity="warning" bottomSpacing={0} title={`${label ?? name}: values couldn’t be loaded`}>
          {failure}
        </Alert>
      ))}
    </>
  );
}

/** Chooses the values of a variable; the choice lives in the address as `var-name`, as in Grafana. */
function VariableSelect({ variable }: { variable: LoadedVariable }) {
  const { name, options, chosen, multi } = variable;
  const choices = options.map(({ text, value }) => ({ label: text, value }));
  const choose = (values: string[]) => {
    // "All" and single values exclude each other: the one chosen last stays.
    const last = values.at(-1);
    const kept = last === '$__all' ? [last] : values.filter((value) => value !== '$__all');
    locationService.partial({ [`var-${name}`]: kept.length ? kept : undefined });
  };
  const common = {
    inputId: `var-${name}`,
    options: choices,
    width: 'auto' as const,
    'data-testid': `preview-variable-${name}`,
    allowCustomValue: true,
  };
  return (
    <InlineField label={variable.label ?? name} htmlFor={`var-${name}`}>
      {variable.type === 'textbox' ? (
        <AutoSizeInput
          id={`var-${name}`}
          defaultValue={chosen[0]}
          onCommitChange={({ currentTarget }) => choose([currentTarget.value])}
        />
      ) : multi ? (
        <MultiSelect
          {...common}
          value={chosen}
          onChange={(selected) => choose(selected.map(({ value }) => value ?? ''))}
        />
      ) : (
        <Select {...common} value={chosen[0]} onChange={({ value }) => choose([value ?? ''])} />
      )}
    </InlineField>
  );
}
