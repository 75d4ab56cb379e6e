import { dateTime, type DataQueryRequest } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import React, { useState } from 'react';
import { firstValueFrom } from 'rxjs';

import { catalogue } from '../../catalogue';
import { fakeDataSource, layOut, person } from '../testing/editor';
import { AccessVariableSupport } from './AccessVariableSupport';
import { type VariableQuery } from './types';
import { VariableEditor } from './VariableEditor';

const range = { from: dateTime(1000), to: dateTime(2000), raw: { from: 'now-1h', to: 'now' } };

function ask(query: Partial<VariableQuery>, resources: Parameters<typeof fakeDataSource>[0] = {}) {
  const { datasource, getResource } = fakeDataSource(resources);
  const replace = (target = '', _: unknown, format?: string | Function) =>
    target.replace('$start', () => (typeof format === 'function' ? format(['a', 'b'], {}) : ''));
  const support = new AccessVariableSupport(datasource, { replace });
  const request = {
    targets: [{ refId: 'V', ...query }],
    range,
    scopedVars: {},
  } as unknown as DataQueryRequest<VariableQuery>;
  return { getResource, answer: firstValueFrom(support.query(request)).then(({ data }) => data) };
}

describe('a query variable', () => {
  it('has the values that occur in the range, most frequent first', async () => {
    const values = [
      { text: 'Wiki', value: 'Wiki', count: 9 },
      { text: 'Mail', value: 'Mail', count: 2 },
    ];
    const { answer, getResource } = ask({ queryType: 'access_requests', field: 'app_name', prefix: 'W' }, { values });
    expect(await answer).toEqual([
      { text: 'Wiki', value: 'Wiki' },
      { text: 'Mail', value: 'Mail' },
    ]);
    expect(getResource).toHaveBeenCalledWith('values', {
      queryType: 'access_requests',
      field: 'app_name',
      from: 1000,
      to: 2000,
      prefix: 'W',
    });
  });

  it('asks for each value of another variable in its prefix, and lists a value once', async () => {
    const { answer, getResource } = ask(
      { queryType: 'access_requests', field: 'app_name', prefix: '$start' },
      { values: [{ text: 'x', value: 'x' }] }
    );
    expect(await answer).toEqual([{ text: 'x', value: 'x' }]);
    expect(getResource.mock.calls.map(([, params]) => params?.prefix)).toEqual(['a', 'b']);
  });

  it('has the values of an enumeration that the events have, and the listed ones if they cannot be read', async () => {
    const query = { queryType: 'scim_updates', field: 'resource_type' } as const;
    const values = [
      { text: 'DEVICE', value: 'DEVICE', count: 2 },
      { text: 'User', value: 'USER', count: 0 },
    ];
    const { answer, getResource } = ask(query, { values });
    expect(await answer).toEqual([
      { text: 'DEVICE', value: 'DEVICE' },
      { text: 'User', value: 'USER' },
    ]);
    expect(getResource).toHaveBeenCalledWith('values', { ...query, from: 1000, to: 2000 });
    expect(await ask(query, { values: new Error('refused') }).answer).toEqual([
      { text: 'User', value: 'USER' },
      { text: 'Group', value: 'GROUP' },
    ]);
  });

  it('has all values of a derived field, and the account’s identity providers by name', async () => {
    expect(await ask({ queryType: 'scim_updates', field: 'outcome' }).answer).toEqual([
      { text: 'Success', value: 'success' },
      { text: 'Failure', value: 'failure' },
    ]);
    const providers = [{ text: 'Okta', value: '1-2' }];
    expect(
      await ask({ queryType: 'scim_updates', field: 'idp_id' }, { 'identity-providers': providers }).answer
    ).toEqual(providers);
  });

  it('fails where its values cannot be had', async () => {
    await expect(
      ask({ queryType: 'access_requests', field: 'app_name' }, { values: new Error('refused') }).answer
    ).rejects.toThrow('refused');
  });
});

describe('its editor', () => {
  function renderEditor(initial: Partial<VariableQuery> = {}) {
    const onRunQuery = jest.fn();
    let current: VariableQuery = { refId: 'V', ...initial };
    function Host() {
      const [query, setQuery] = useState(current);
      const change = (next: VariableQuery) => {
        current = next;
        setQuery(next);
      };
      return (
        <VariableEditor
          query={query}
          onChange={change}
          onRunQuery={onRunQuery}
          datasource={fakeDataSource().datasource}
        />
      );
    }
    render(<Host />);
    return { user: person(), query: () => current, onRunQuery };
  }

  beforeEach(layOut);

  it('keeps a field that the new surface has, and takes another otherwise', async () => {
    const { user, query } = renderEditor({ queryType: 'access_requests', field: 'country' });
    await user.click(screen.getByRole('combobox', { name: 'Query type' }));
    await user.click(await screen.findByRole('option', { name: /^Login groups/ }));
    expect(query()).toMatchObject({ queryType: 'login_groups', field: 'country' });
    await user.click(screen.getByRole('combobox', { name: 'Query type' }));
    await user.click(await screen.findByRole('option', { name: /^SCIM updates/ }));
    expect(query()).toMatchObject({ queryType: 'scim_updates', field: 'outcome' });
  });

  it('takes the prefix when the input is left or on Enter', async () => {
    const { user, query, onRunQuery } = renderEditor();
    await user.type(screen.getByLabelText(/^Starts with/), 'alex');
    expect(onRunQuery).not.toHaveBeenCalled();
    await user.keyboard('{Enter}');
    expect(query().prefix).toBe('alex');
    await user.tab();
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('offers the fields of the surface', async () => {
    const { user } = renderEditor({ queryType: 'failed_logins', field: 'outcome' });
    await user.click(screen.getByRole('combobox', { name: 'Field' }));
    const offered = (await screen.findAllByRole('option')).map((option) => option.textContent ?? '');
    expect(offered[0]).toContain(catalogue.failed_logins.fields[0].label);
    expect(offered.some((text) => text.startsWith('Time'))).toBe(false);
  });
});
