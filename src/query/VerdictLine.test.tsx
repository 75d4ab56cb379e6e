import { FieldType, type DataFrame } from '@grafana/data';
import { screen } from '@testing-library/react';

import { answer, layOut, renderEditor } from '../testing/editor';

beforeEach(layOut);

const said: Record<string, string> = {
  outcome: 'blocked',
  reason: 'Blocked because the policy “Nobody from outside” matched.',
  next_step: 'Change the policy “Nobody from outside”.',
  certainty: 'likely',
};
const verdict = (values: Record<string, string>): Partial<DataFrame> => ({
  name: 'verdict',
  length: 1,
  fields: Object.entries(values).map(([name, value]) => ({
    name,
    type: FieldType.string,
    config: {},
    values: [value],
  })),
});
const line = () => screen.queryByRole('status', { name: 'Verdict' });

it('says why, how sure that is, and what to do next', () => {
  renderEditor({ queryType: 'explain', format: 'table' }, { data: answer({ rows: 1 }, verdict(said)) });
  expect(line()).toHaveTextContent(said.reason);
  expect(line()).toHaveTextContent(said.next_step);
  expect(line()).toHaveTextContent('Likely');
});

it('is not there for other answers', () => {
  renderEditor({ queryType: 'explain', format: 'table' }, { data: answer({ rows: 1 }, { name: 'checks', length: 1 }) });
  expect(line()).not.toBeInTheDocument();
});
