import { type DataSourceApi } from '@grafana/data';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';

import { type AccessQuery } from '../types';
import { PRESETS } from './presets';
import { QueryHelp } from './QueryHelp';

it.each(PRESETS)('offers “$name”, in place of what the query asks', async ({ name, description, query }) => {
  const onClickExample = jest.fn();
  const datasource = {} as DataSourceApi<AccessQuery>;
  render(<QueryHelp datasource={datasource} query={{ refId: 'B', limit: 5 }} onClickExample={onClickExample} />);
  expect(screen.getByText(description)).toBeInTheDocument();
  await userEvent.click(screen.getByText(name));
  expect(onClickExample.mock.calls).toEqual([[{ refId: 'B', ...query }]]);
});
