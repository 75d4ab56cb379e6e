import { screen, waitFor, within } from '@testing-library/react';

import { catalogue, QUERY_TYPES } from '../../catalogue';
import { answer, fakeDataSource, layOut, renderEditor } from '../testing/editor';

beforeEach(layOut);

const group = (name: string) => within(screen.getByRole('group', { name }));
const input = (name: string) => screen.getByRole('combobox', { name });

describe('surface', () => {
  it.each(QUERY_TYPES)('%s says what it holds, how far back it reaches and which permission it needs', (queryType) => {
    renderEditor({ queryType });
    const surface = catalogue[queryType];
    expect(screen.getByText(surface.description)).toBeInTheDocument();
    expect(screen.getByText(`Retention: ${surface.retention.text}`)).toBeInTheDocument();
    expect(screen.getByText(surface.permission)).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'Docs' })).toHaveAttribute('href', surface.documentation);
  });

  it('is chosen from the catalogue, and the query runs', async () => {
    const { user, query, onRunQuery } = renderEditor({ format: 'table' });
    await user.click(input('Query type'));
    await user.click(await screen.findByRole('option', { name: /^SCIM updates/ }));
    expect(query().queryType).toBe('scim_updates');
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('that does not exist is explained', () => {
    renderEditor({ queryType: 'nonsense' as never });
    expect(screen.getByText(/There is no query type “nonsense”/)).toBeInTheDocument();
  });
});

describe('what applies', () => {
  const shown = () =>
    ['Count by', 'Columns', 'Order', 'Limit', 'Ray ID from a block page'].filter(
      (name) => screen.queryByLabelText(name, { selector: 'input' }) ?? screen.queryByRole('combobox', { name })
    );

  it.each([
    ['time_series', undefined, ['Count by']],
    ['table', undefined, ['Count by', 'Columns', 'Order', 'Limit', 'Ray ID from a block page']],
    ['table', ['country'], ['Count by', 'Limit']],
    ['logs', undefined, ['Columns', 'Order', 'Limit', 'Ray ID from a block page']],
  ] as const)('to %s by %j is all that is there', (format, groupBy, expected) => {
    renderEditor({ format, groupBy: groupBy && [...groupBy] });
    expect(shown()).toEqual(expected);
  });

  it('has no Ray ID box where the surface has no Ray IDs', () => {
    renderEditor({ queryType: 'scim_updates', format: 'table' });
    expect(screen.queryByLabelText('Ray ID from a block page')).not.toBeInTheDocument();
  });

  it('changes with the format', async () => {
    const { user, query, onRunQuery } = renderEditor({ format: 'time_series', groupBy: ['outcome'] });
    await user.click(screen.getByRole('radio', { name: 'Logs' }));
    expect(query()).toMatchObject({ format: 'logs' });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole('group', { name: 'Count by' })).not.toBeInTheDocument();
  });
});

describe('a filter', () => {
  const blank = { format: 'table' as const, filters: [{ field: 'app_name', operator: '=' as const, values: [] }] };
  const byAppType = { ...blank, filters: [{ field: 'app_type', operator: '=' as const, values: [] }] };

  it('that was added waits for a value before anything is asked', async () => {
    const { user, query, onRunQuery } = renderEditor({ format: 'table' });
    await user.click(screen.getByRole('button', { name: 'Filter' }));
    expect(query().filters).toEqual([{ field: 'outcome', operator: '=', values: [] }]);
    expect(onRunQuery).not.toHaveBeenCalled();
    expect(input('Filter 1 field')).toHaveFocus();
  });

  it('does nothing while its value is typed, and runs on Enter', async () => {
    const { user, query, onChange, onRunQuery } = renderEditor(blank);
    await user.type(input('Filter 1 values'), 'Wiki, old');
    expect(onChange).not.toHaveBeenCalled();
    expect(onRunQuery).not.toHaveBeenCalled();
    await user.keyboard('{Enter}');
    expect(query().filters?.[0].values).toEqual(['Wiki, old']);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['Tab', async (user: ReturnType<typeof renderEditor>['user']) => user.tab()],
    [
      'a click elsewhere',
      async (user: ReturnType<typeof renderEditor>['user']) => user.click(screen.getByText('elsewhere')),
    ],
  ])('takes what was typed when it is left by %s', async (_, leave) => {
    const { user, query, onRunQuery } = renderEditor(blank);
    await user.type(input('Filter 1 values'), 'Wiki');
    await leave(user);
    expect(query().filters?.[0].values).toEqual(['Wiki']);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('does not run when it is left as it was', async () => {
    const { user, onRunQuery } = renderEditor(blank);
    await user.click(input('Filter 1 values'));
    await user.tab();
    expect(onRunQuery).not.toHaveBeenCalled();
  });

  it('offers values of the account, and takes several', async () => {
    const { datasource, getResource } = fakeDataSource({
      values: [
        { text: 'Wiki', value: 'Wiki', count: 1204 },
        { text: 'Mail', value: 'Mail', count: 7 },
      ],
    });
    const { user, query, onRunQuery } = renderEditor(blank, { datasource });
    await user.click(input('Filter 1 values'));
    await user.click(await screen.findByRole('option', { name: 'Wiki 1,204' }));
    expect(query().filters?.[0].values).toEqual(['Wiki']);
    await user.keyboard('{ArrowDown}');
    await screen.findByRole('option', { name: 'Mail 7' });
    expect(screen.queryByRole('option', { name: /Wiki/ })).not.toBeInTheDocument();
    await user.keyboard('{ArrowDown}{Enter}');
    expect(query().filters?.[0].values).toEqual(['Wiki', 'Mail']);
    expect(onRunQuery).toHaveBeenCalledTimes(2);
    expect(getResource).toHaveBeenCalledWith('values', { queryType: 'access_requests', field: 'app_name' });
  });

  it('offers the values of an enumeration that the events have', async () => {
    const { datasource, getResource } = fakeDataSource({
      values: [
        { text: 'quantum', value: 'quantum', count: 1204 },
        { text: 'Self-hosted', value: 'self_hosted', count: 3 },
      ],
    });
    const { user, query } = renderEditor(byAppType, { datasource });
    await user.click(input('Filter 1 values'));
    expect(await screen.findByRole('option', { name: 'Self-hosted self_hosted' })).toBeInTheDocument();
    await user.click(screen.getByRole('option', { name: 'quantum 1,204' }));
    expect(query().filters?.[0].values).toEqual(['quantum']);
    expect(getResource).toHaveBeenCalledWith('values', { queryType: 'access_requests', field: 'app_type' });
  });

  it('offers the listed values of an enumeration if the events cannot be read', async () => {
    const { datasource } = fakeDataSource({ values: new Error('refused') });
    const { user } = renderEditor(byAppType, { datasource });
    await user.type(input('Filter 1 values'), 'hosted');
    await waitFor(() => expect(screen.getAllByRole('option')).toHaveLength(1));
    expect(screen.getByRole('option', { name: 'Self-hosted self_hosted' })).toBeInTheDocument();
  });

  it('offers the values of a derived field without asking', async () => {
    const { datasource, getResource } = fakeDataSource();
    const { user, query } = renderEditor(
      { format: 'table', filters: [{ field: 'outcome', operator: '=', values: [] }] },
      { datasource }
    );
    await user.click(input('Filter 1 values'));
    await user.click(await screen.findByRole('option', { name: /^Blocked/ }));
    expect(query().filters?.[0].values).toEqual(['blocked']);
    expect(getResource).not.toHaveBeenCalled();
  });

  it('says why there are no suggestions, and takes what is typed all the same', async () => {
    const { datasource } = fakeDataSource({
      values: Object.assign(new Error(), { data: { message: 'Cloudflare refused the token' } }),
    });
    const { user, query } = renderEditor(blank, { datasource });
    await user.click(input('Filter 1 values'));
    expect(await screen.findByText('No suggestions: Cloudflare refused the token')).toBeInTheDocument();
    await user.keyboard('Wiki{Enter}');
    expect(query().filters?.[0].values).toEqual(['Wiki']);
  });

  it('takes template variables', async () => {
    const { user, query, onRunQuery } = renderEditor({
      format: 'table',
      filters: [{ field: 'country', operator: '=', values: [] }],
    });
    await user.type(input('Filter 1 values'), '$country{Enter}');
    expect(query().filters?.[0].values).toEqual(['$country']);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('takes pasted lines as several values, and keeps commas', async () => {
    const { user, query } = renderEditor(blank);
    await user.click(input('Filter 1 values'));
    await user.paste('Wiki, old\r\n\nMail\n');
    expect(query().filters?.[0].values).toEqual(['Wiki, old', 'Mail']);
  });

  it('loses values by keyboard and by mouse', async () => {
    const { user, query } = renderEditor({
      format: 'table',
      filters: [{ field: 'country', operator: '=', values: ['GB', 'US', 'FR'] }],
    });
    await user.click(screen.getByRole('button', { name: 'Remove US' }));
    expect(query().filters?.[0].values).toEqual(['GB', 'FR']);
    await user.click(input('Filter 1 values'));
    await user.keyboard('{Backspace}');
    expect(query().filters?.[0].values).toEqual(['GB']);
    await user.click(screen.getByRole('button', { name: 'Remove filter 1' }));
    expect(query().filters).toEqual([]);
  });

  it('that compares has one value', async () => {
    const { user, query } = renderEditor({
      queryType: 'failed_logins',
      format: 'table',
      filters: [
        { field: 'user_id', operator: '=', values: ['alex@example.com'] },
        { field: 'expiration', operator: '>', values: ['1'] },
      ],
    });
    await user.type(input('Filter 2 values'), '5{Enter}');
    expect(query().filters?.[1].values).toEqual(['5']);
  });

  it('offers only the operators of its field', async () => {
    const { user, query } = renderEditor({
      format: 'table',
      filters: [{ field: 'allowed', operator: '=', values: ['true'] }],
    });
    await user.click(input('Filter 1 operator'));
    expect((await screen.findAllByRole('option')).map((option) => option.textContent)).toEqual([
      '=any of',
      '!=none of',
    ]);
    await user.click(screen.getByRole('option', { name: /^!=/ }));
    expect(query().filters?.[0]).toEqual({ field: 'allowed', operator: '!=', values: ['true'] });
  });

  it('starts anew with another field', async () => {
    const { user, query } = renderEditor({
      format: 'table',
      filters: [{ field: 'app_name', operator: '=~', values: ['x'] }],
    });
    await user.click(input('Filter 1 field'));
    await user.keyboard('Allowed');
    await user.click(await screen.findByRole('option', { name: /^Allowed/ }));
    expect(query().filters?.[0]).toEqual({ field: 'allowed', operator: '=', values: [] });
  });

  it('on a field that is gone stays visible and is explained', () => {
    renderEditor({ format: 'table', filters: [{ field: 'mystery', operator: '=', values: ['x'] }] });
    expect(input('Filter 1 field')).toHaveValue('mystery');
    expect(screen.getByText(/have no field “mystery”/)).toBeInTheDocument();
  });

  it('with a broken regular expression is explained and does not run', async () => {
    const { user, onRunQuery } = renderEditor({
      format: 'table',
      filters: [{ field: 'app_name', operator: '=~', values: [] }],
    });
    await user.type(input('Filter 1 values'), '({Enter}');
    expect(screen.getByText(/broken regular expression “\(”/)).toBeInTheDocument();
    expect(onRunQuery).not.toHaveBeenCalled();
  });
});

describe('failed logins', () => {
  it('always show the user, who is required', () => {
    renderEditor({ queryType: 'failed_logins', format: 'table' });
    expect(group('Filter 1').getByText('required')).toBeInTheDocument();
    expect(screen.getByText(/User is required/)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Remove filter 1' })).not.toBeInTheDocument();
  });

  it('run once a user is chosen from the account', async () => {
    const { datasource, getResource } = fakeDataSource({
      users: [{ text: 'alex@example.com', value: 'f174e90a-fafe-4643-bbbc-4a0ed4fc8415' }],
    });
    const { user, query, onRunQuery } = renderEditor({ queryType: 'failed_logins', format: 'table' }, { datasource });
    await user.type(input('Filter 1 values'), 'alex');
    await waitFor(() => expect(getResource).toHaveBeenCalledWith('users', { search: 'alex' }));
    await user.click(await screen.findByRole('option', { name: /^alex@example.com/ }));
    expect(query().filters).toEqual([{ field: 'user_id', operator: '=', values: ['alex@example.com'] }]);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });
});

describe('Ray ID', () => {
  it.each(['{Enter}', '{Tab}'])('is taken as it was pasted on %s', async (key) => {
    const { user, query, onRunQuery } = renderEditor({ format: 'table' });
    await user.click(screen.getByLabelText('Ray ID from a block page'));
    await user.paste(' 8D3F0A1B2C3D4E5F-LHR ');
    expect(onRunQuery).not.toHaveBeenCalled();
    await user.keyboard(key);
    expect(query().filters).toEqual([{ field: 'ray_id', operator: '=', values: ['8d3f0a1b2c3d4e5f'] }]);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.getByLabelText('Ray ID from a block page')).toHaveValue('');
  });

  it('that is none is explained', async () => {
    const { user, onChange } = renderEditor({ format: 'table' });
    await user.type(screen.getByLabelText('Ray ID from a block page'), 'hello{Enter}');
    expect(screen.getByText(/A Ray ID looks like/)).toBeInTheDocument();
    expect(onChange).not.toHaveBeenCalled();
  });
});

describe('groups and columns', () => {
  it('are chosen by typing a part of their name', async () => {
    const { user, query, onRunQuery } = renderEditor({ format: 'time_series', groupBy: ['outcome'] });
    await user.type(input('Count by'), 'appl');
    await user.keyboard('{Enter}');
    await waitFor(() => expect(query().groupBy).toEqual(['outcome', 'app_name']));
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('are not invented', async () => {
    const { user, onChange } = renderEditor({ format: 'time_series', groupBy: ['outcome'] });
    await user.type(input('Count by'), 'nonsense');
    expect(await screen.findByText('There is no field with this name.')).toBeInTheDocument();
    await user.tab();
    expect(onChange).not.toHaveBeenCalled();
  });

  it('keep the order they are put in', async () => {
    const { user, query } = renderEditor({ format: 'table', fields: ['created_at', 'user_email', 'country'] });
    screen.getByRole('button', { name: 'Remove Country' }).focus();
    await user.keyboard('{Alt>}{ArrowLeft}{/Alt}');
    expect(query().fields).toEqual(['created_at', 'country', 'user_email']);
  });

  it('can be none: one series in total, or all columns', async () => {
    const series = renderEditor({ format: 'time_series', groupBy: ['outcome'] });
    await series.user.click(screen.getByRole('button', { name: 'Remove Outcome' }));
    expect(series.query().groupBy).toEqual([]);
    series.unmount();
    const table = renderEditor({ format: 'table', fields: ['country'] });
    await table.user.click(screen.getByRole('button', { name: 'Remove Country' }));
    expect(table.query().fields).toBeUndefined();
  });
});

describe('limit', () => {
  it('runs on Enter, not while it is typed', async () => {
    const { user, query, onRunQuery } = renderEditor({ format: 'table' });
    await user.type(screen.getByLabelText('Limit'), '50');
    expect(onRunQuery).not.toHaveBeenCalled();
    await user.keyboard('{Enter}');
    expect(query().limit).toBe(50);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it.each(['0', '-1', '100001', '1.5', 'many'])('%s is explained and not asked for', async (typed) => {
    const { user, query, onRunQuery } = renderEditor({ format: 'table', limit: 10 });
    await user.clear(screen.getByLabelText('Limit'));
    await user.type(screen.getByLabelText('Limit'), `${typed}{Enter}`);
    await user.tab();
    expect(screen.getByText('The limit must be a whole number from 1 to 100,000.')).toBeInTheDocument();
    expect(query().limit).toBe(10);
    expect(onRunQuery).not.toHaveBeenCalled();
  });
});

describe('login groups', () => {
  it('explain a filter that GraphQL cannot do, with a way out', async () => {
    const filters = [{ field: 'country', operator: '=~' as const, values: ['^G'] }];
    const { user, query, onRunQuery } = renderEditor({
      queryType: 'login_groups',
      format: 'time_series',
      groupBy: ['outcome'],
      filters,
    });
    expect(screen.getByText(/has no “=~” for Country/)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Add Country to the fields to count by' }));
    expect(query().groupBy).toEqual(['outcome', 'country']);
    expect(screen.queryByText(/has no “=~”/)).not.toBeInTheDocument();
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });
});

describe('coverage', () => {
  const line = () => screen.getByRole('status', { name: 'Coverage' });

  it('says that the answer is complete, and what it cost', () => {
    const data = answer({ rows: 1204, upstreamCalls: 2, savedCalls: 9, newest: '2026-01-31T07:59:48Z' });
    renderEditor({ format: 'table' }, { data });
    expect(line()).toHaveTextContent('1,204 logins · complete · 2 calls, 9 saved · newest 12 s ago');
  });

  it('says what was cut, and raises the limit', async () => {
    const data = answer(
      { complete: false, reason: 'limit', rows: 1000 },
      { meta: { notices: [{ severity: 'warning', text: 'Narrow the time range.' }] } }
    );
    const { user, query, onRunQuery } = renderEditor({ format: 'table' }, { data });
    expect(line()).toHaveTextContent('not complete: cut by the limit');
    expect(line()).toHaveTextContent('Narrow the time range.');
    await user.click(screen.getByRole('button', { name: 'Raise the limit to 10,000' }));
    expect(query().limit).toBe(10_000);
    expect(onRunQuery).toHaveBeenCalledTimes(1);
  });

  it('is not there before the first answer, nor for that of another query', () => {
    renderEditor({ format: 'table' });
    expect(screen.queryByRole('status', { name: 'Coverage' })).not.toBeInTheDocument();
    renderEditor({ format: 'table', refId: 'B' }, { data: answer({ rows: 1 }) });
    expect(screen.queryByRole('status', { name: 'Coverage' })).not.toBeInTheDocument();
  });
});

it('gives every control a name, and leaves a saved query as it is', async () => {
  const { onChange, onRunQuery } = renderEditor({
    format: 'table',
    filters: [
      { field: 'outcome', operator: '=', values: ['blocked'] },
      { field: 'created_at', operator: '>', values: ['2026-01-31T08:00:00Z'] },
    ],
  });
  await waitFor(() => expect(screen.getAllByRole('combobox').length).toBeGreaterThan(6));
  const controls = ['combobox', 'textbox', 'button', 'radio', 'link'].flatMap((role) => screen.queryAllByRole(role));
  for (const control of controls) {
    expect(control).toHaveAccessibleName();
  }
  const names = screen
    .getAllByRole('combobox')
    .map((control) => control.getAttribute('aria-label') ?? control.getAttribute('aria-labelledby'));
  expect(names).toEqual([...new Set(names)]);
  expect(onChange).not.toHaveBeenCalled();
  expect(onRunQuery).not.toHaveBeenCalled();
});
