import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import { layOut } from '../../testing/editor';
import { Picker } from './Picker';

const OPTIONS = [
  { value: 'one', label: 'One' },
  { value: 'two', label: 'Two' },
];

beforeEach(layOut);

it('tells of a choice only after React is done with the click', async () => {
  const onChange = jest.fn();
  render(<Picker label="Number" value="one" options={OPTIONS} minWidth={10} onChange={onChange} />);

  fireEvent.click(screen.getByRole('combobox', { name: 'Number' }));
  const option = await screen.findByRole('option', { name: 'Two' });
  fireEvent.click(option);

  expect(onChange).not.toHaveBeenCalled();
  await waitFor(() => expect(onChange.mock.calls).toEqual([['two']]));
});
