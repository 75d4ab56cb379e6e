import { screen, waitFor, within } from '@testing-library/react';

import { type AccessQuery } from '../../types';
import { layOut, renderEditor } from '../../testing/editor';
import { PRESETS } from '../presets';

beforeEach(layOut);

const row = (name: string) => within(screen.getByRole('group', { name }));
const says = () => screen.getByRole('note', { name: 'What the query finds' });
const blocked = { field: 'outcome', operator: '=' as const, values: ['blocked'] };
const grouped: Partial<AccessQuery> = { format: 'table', groupBy: ['ip_address'], filters: [blocked] };
const firstSeen = { by: ['user_email'], history: '14d' };
const sequence = { by: ['user_email'], steps: [{ filters: [blocked], atLeast: 10 }, { filters: [] }], within: '20m' };

/** Opens the menu and takes an entry, with the keyboard alone. */
async function add(user: ReturnType<typeof renderEditor>['user'], name: RegExp) {
  screen.getByRole('button', { name: 'Option' }).focus();
  await user.keyboard('{Enter}');
  const item = await screen.findByRole('menuitem', { name });
  for (let presses = 0; presses < 5 && document.activeElement !== item; presses++) {
    await user.keyboard('{ArrowDown}');
  }
  expect(item).toHaveFocus();
  await user.keyboard('{Enter}');
}

it('there are none until somebody asks', () => {
  renderEditor(grouped);
  for (const name of ['Measure', 'Only first seen', 'Sequence', 'Comparison']) {
    expect(screen.queryByRole('group', { name })).not.toBeInTheDocument();
  }
  expect(screen.queryByRole('note')).not.toBeInTheDocument();
});

it('a measure is asked for, changed, and removed', async () => {
  const { user, query, onRunQuery } = renderEditor(grouped);
  await add(user, /^Measure/);
  await waitFor(() => expect(query().measure).toEqual({ type: 'distinct', field: 'user_email' }));
  expect(onRunQuery).toHaveBeenCalledTimes(1);
  expect(says()).toHaveTextContent('Counts different user emails of blocked logins by IP address.');
  await waitFor(() => expect(screen.getByRole('combobox', { name: 'Measured field' })).toHaveFocus());

  await user.click(screen.getByRole('combobox', { name: 'Measured field' }));
  await user.click(await screen.findByRole('option', { name: 'Country' }));
  await waitFor(() => expect(query().measure).toEqual({ type: 'distinct', field: 'country' }));

  await user.click(screen.getByRole('button', { name: 'Remove measure' }));
  expect(query()).not.toHaveProperty('measure');
  expect(screen.queryByRole('group', { name: 'Measure' })).not.toBeInTheDocument();
});

it('groups are kept by their number, which can be a variable', async () => {
  const { user, query, onRunQuery } = renderEditor(grouped);
  await add(user, /^Only groups/);
  await waitFor(() => expect(query().having).toEqual({ operator: '>=', value: 15 }));
  const number = screen.getByLabelText('Number that groups are compared with');
  await user.clear(number);
  await user.type(number, 'lots{Enter}');
  expect(screen.getByText('Enter a number.')).toBeInTheDocument();
  expect(query().having?.value).toBe(15);
  await user.clear(number);
  await user.type(number, '20{Enter}');
  expect(query().having?.value).toBe(20);
  expect(says()).toHaveTextContent('keeps IP addresses with at least 20.');
  await user.clear(number);
  await user.type(number, '$most{Enter}');
  expect(query().having?.value).toBe('$most');
  expect(onRunQuery).toHaveBeenCalledTimes(3);
});

it('groups that are gone leave a condition that is explained, with a way out', async () => {
  const { user, query, onRunQuery } = renderEditor({ ...grouped, having: { operator: '>', value: 3 } });
  await user.click(screen.getByRole('button', { name: 'Remove IP address' }));
  expect(onRunQuery).not.toHaveBeenCalled();
  expect(row('Measure').getByText(/Only the groups of a table/)).toBeInTheDocument();
  expect(screen.queryByRole('note')).not.toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Remove the condition on groups' }));
  expect(query()).not.toHaveProperty('having');
  expect(onRunQuery).toHaveBeenCalledTimes(1);
});

it('what is first seen has fields and a history', async () => {
  const { user, query } = renderEditor({ format: 'table', firstSeen });
  expect(says()).toHaveTextContent('Lists logins whose user email no such login had in the 14 days before.');
  const seen = row('Only first seen');
  await user.type(seen.getByRole('combobox', { name: 'First seen by' }), 'Country{Enter}');
  await waitFor(() => expect(query().firstSeen?.by).toEqual(['user_email', 'country']));
  await user.clear(seen.getByLabelText('History'));
  await user.type(seen.getByLabelText('History'), '200d{Enter}');
  expect(seen.getByText(/at most 180d/)).toBeInTheDocument();
  expect(query().firstSeen?.history).toBe('14d');
  await user.clear(seen.getByLabelText('History'));
  await user.type(seen.getByLabelText('History'), '30d{Enter}');
  expect(query().firstSeen?.history).toBe('30d');
  await user.click(screen.getByRole('button', { name: 'Remove first seen' }));
  expect(query()).not.toHaveProperty('firstSeen');
});

it('a sequence has steps, with filters of their own', async () => {
  const { user, query } = renderEditor({ format: 'table', sequence });
  expect(screen.queryByLabelText('Step 2 at least')).not.toBeInTheDocument();
  await user.clear(screen.getByLabelText('Step 1 at least'));
  await user.type(screen.getByLabelText('Step 1 at least'), '5{Enter}');
  expect(query().sequence?.steps[0]).toEqual({ filters: [blocked], atLeast: 5 });

  await user.click(screen.getByRole('button', { name: 'Filter of step 2' }));
  await user.type(row('Step 2 filter 1').getByRole('combobox', { name: 'Step 2 filter 1 values' }), 'allowed{Enter}');
  expect(query().sequence?.steps[1].filters).toEqual([{ field: 'outcome', operator: '=', values: ['allowed'] }]);
  expect(query().filters).toBeUndefined();
  expect(says()).toHaveTextContent(
    'Lists allowed logins that follow at least 5 blocked logins of the same user email within 20 minutes.'
  );

  await user.click(screen.getByRole('button', { name: 'Step' }));
  expect(query().sequence?.steps).toHaveLength(3);
  expect(query().sequence?.steps[2].filters).toHaveLength(1);
  await user.click(screen.getByRole('button', { name: 'Remove step 2' }));
  expect(query().sequence?.steps).toHaveLength(2);
  expect(screen.queryByRole('button', { name: /^Remove step \d$/ })).not.toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Remove sequence' }));
  expect(query()).not.toHaveProperty('sequence');
});

it('a comparison has a distance, a number, and what it shows', async () => {
  const { user, query } = renderEditor({ format: 'time_series', groupBy: [] });
  await add(user, /^Compare/);
  await waitFor(() => expect(query().compare).toEqual({ shift: '7d', times: 4 }));
  await user.click(screen.getByRole('combobox', { name: 'Shown of the comparison' }));
  await user.click(await screen.findByRole('option', { name: /^deviation/ }));
  await waitFor(() => expect(query().compare).toEqual({ shift: '7d', times: 4, show: 'deviation' }));
  expect(says()).toHaveTextContent('above the mean of 4 values before it, 7 days apart.');
  await user.click(screen.getByRole('combobox', { name: 'Shown of the comparison' }));
  await user.click(await screen.findByRole('option', { name: /^all/ }));
  await waitFor(() => expect(query().compare).toEqual({ shift: '7d', times: 4 }));
});

it('what can’t stand together is explained, and not asked', () => {
  renderEditor({ format: 'table', firstSeen, sequence });
  expect(row('Sequence within').getByText(/either what is first seen or a sequence/)).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Step 3' })).not.toBeInTheDocument();
});

describe('a new query', () => {
  it.each(PRESETS)('becomes “$name” by a click', async ({ name, query: question }) => {
    const { user, query, onRunQuery } = renderEditor({ queryType: 'access_requests', format: 'table', filters: [] });
    await user.click(screen.getByRole('button', { name }));
    expect(query()).toEqual({ refId: 'A', ...question });
    expect(onRunQuery).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole('group', { name: 'Start with' })).not.toBeInTheDocument();
  });

  it('is no longer new once it asks something', () => {
    renderEditor(grouped);
    expect(screen.queryByRole('group', { name: 'Start with' })).not.toBeInTheDocument();
  });
});

it('every control has a name of its own', () => {
  renderEditor({
    ...grouped,
    measure: { type: 'distinct', field: 'country' },
    having: { operator: '>', value: 1 },
    sequence,
  });
  const controls = ['combobox', 'textbox', 'button'].flatMap((role) => screen.queryAllByRole(role));
  for (const control of controls) {
    expect(control).toHaveAccessibleName();
  }
});
