import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { type AnnotationQuery } from '@grafana/data';

import { findField } from '../../catalogue';
import { type AccessDataSource } from '../datasource';
import { type AccessQuery } from '../types';
import { AnnotationEditor } from './AnnotationEditor';
import { CONFIGURATION_CHANGED, PRESETS } from './presets';

jest.mock('../query/QueryEditor', () => ({ QueryEditor: () => <div>the query editor</div> }));

const target = { refId: 'Marks', datasource: { uid: 'cfaccess' }, groupBy: ['country'] } as AccessQuery;
const annotation = { name: 'Mine', enable: true, iconColor: 'red', target } as AnnotationQuery<AccessQuery>;
const props = { datasource: {} as AccessDataSource, query: target, onChange: jest.fn(), onRunQuery: jest.fn() };

describe('ready-made annotations', () => {
  it('ask of fields that there are, and read as log lines', () => {
    for (const { query, mappings } of PRESETS) {
      for (const { field } of query.filters ?? []) {
        expect(findField(query.queryType!, field)).toBeDefined();
      }
      expect(query.format).toBe('logs');
      expect(mappings.text).toEqual({ source: 'field', value: 'body' });
    }
  });

  it('set the query and how marks read, and leave the rest of the annotation alone', async () => {
    const onAnnotationChange = jest.fn();
    render(<AnnotationEditor {...props} annotation={annotation} onAnnotationChange={onAnnotationChange} />);
    await userEvent.click(screen.getByRole('button', { name: 'Access configuration changed' }));
    expect(onAnnotationChange).toHaveBeenCalledWith({
      ...annotation,
      mappings: CONFIGURATION_CHANGED.mappings,
      target: { refId: 'Marks', datasource: { uid: 'cfaccess' }, ...CONFIGURATION_CHANGED.query },
    });
  });

  it('are offered for annotations only', () => {
    render(<AnnotationEditor {...props} />);
    expect(screen.getByText('the query editor')).toBeVisible();
    expect(screen.queryByRole('button')).toBeNull();
  });
});
