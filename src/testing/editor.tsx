import { dateTime, LoadingState, type DataFrame, type PanelData } from '@grafana/data';
import { configure, render } from '@testing-library/react';
import userEvent, { PointerEventsCheckLevel } from '@testing-library/user-event';
import React, { useState } from 'react';

import { type AccessDataSource } from '../datasource';
import { QueryEditor } from '../query/QueryEditor';
import { type AccessQuery, type Coverage, type ResourceValue } from '../types';

// Computing the style of every element and its parents takes most of a test's time in jsdom. Nothing here is hidden or
// deaf to the pointer but what is not rendered.
configure({ defaultHidden: true });

/** A person at the keyboard and the mouse. */
export function person() {
  return userEvent.setup({ pointerEventsCheck: PointerEventsCheckLevel.Never });
}

/** Gives elements a size, without which @grafana/ui's lists show nothing in jsdom. */
export function layOut() {
  for (const size of ['clientWidth', 'clientHeight'] as const) {
    jest.spyOn(Element.prototype, size, 'get').mockReturnValue(400);
  }
  jest.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue({
    x: 0,
    y: 0,
    top: 0,
    left: 0,
    right: 400,
    bottom: 400,
    width: 400,
    height: 400,
    toJSON: () => ({}),
  });
}

/** A data source of which only what the editor uses exists. */
export function fakeDataSource(resources: Record<string, ResourceValue[] | Error> = {}) {
  const getResource = jest.fn(async (path: string, _params?: Record<string, unknown>): Promise<unknown> => {
    const answer = resources[path] ?? [];
    if (answer instanceof Error) {
      throw answer;
    }
    return answer;
  });
  const datasource = { getResource, maxRows: 100_000, masked: false };
  return { datasource: datasource as unknown as AccessDataSource, getResource };
}

const NOW = Date.UTC(2026, 0, 31, 8);

/** The answer to query A, with its coverage. */
export function answer(coverage: Partial<Coverage>, frame: Partial<DataFrame> = {}): PanelData {
  const full: Coverage = { from: '', to: '', complete: true, rows: 0, upstreamCalls: 1, ...coverage };
  const range = { from: dateTime(NOW - 3_600_000), to: dateTime(NOW), raw: { from: 'now-1h', to: 'now' } };
  const series: DataFrame[] = [
    { refId: 'A', fields: [], length: 0, ...frame, meta: { ...frame.meta, custom: { coverage: full } } },
  ];
  return { state: LoadingState.Done, series, timeRange: range };
}

interface Options {
  datasource?: AccessDataSource;
  data?: PanelData;
}

/** Renders the editor as Grafana does: a change comes back as the next query. */
export function renderEditor(
  initial: Partial<AccessQuery>,
  { datasource = fakeDataSource().datasource, data }: Options = {}
) {
  const onChange = jest.fn();
  const onRunQuery = jest.fn();
  let current: AccessQuery = { refId: 'A', ...initial };

  function Host() {
    const [query, setQuery] = useState(current);
    const change = (next: AccessQuery) => {
      current = next;
      onChange(next);
      setQuery(next);
    };
    return (
      <>
        <QueryEditor query={query} onChange={change} onRunQuery={onRunQuery} datasource={datasource} data={data} />
        <button>elsewhere</button>
      </>
    );
  }

  const user = person();
  return { user, onChange, onRunQuery, query: () => current, ...render(<Host />) };
}
