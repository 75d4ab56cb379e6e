import { type ScopedVars } from '@grafana/data';

import { type AccessQuery, type Filter } from '../types';
import { interpolateQuery, type Replacer } from './interpolate';

/** Replaces $app as Grafana does: with what it calls the values, or with the text of the format in the reference. */
function variable(values: string | string[], text: string, custom = false): Replacer {
  return {
    replace: (target = '', _scoped?: ScopedVars, format?: string | Function) =>
      target.replace(/\$\{app:text\}|\$app\b|\$\{app\}|\[\[app\]\]/g, (reference) => {
        if (reference === '${app:text}') {
          return text;
        }
        return typeof format === 'function' && !custom ? format(values, { multi: true }) : String(values);
      }),
  };
}

function sent(filter: Filter, replacer: Replacer, queryType: AccessQuery['queryType'] = 'access_requests') {
  return interpolateQuery({ refId: 'A', queryType, filters: [filter] }, replacer, {}).filters;
}

const filter: Filter = { field: 'app_name', operator: '=', values: ['$app'] };

describe('a variable that stands on All', () => {
  const all = variable(['Wiki', 'Mail'], 'All');

  it.each(['$app', '${app}', '[[app]]'])('drops the filter that %s is in', (value) => {
    expect(sent({ ...filter, values: [value] }, all)).toEqual([]);
  });

  it.each(['contains', '=~'] as const)('drops a filter with %s', (operator) => {
    expect(sent({ ...filter, operator }, all)).toEqual([]);
  });

  it('drops it where nothing is listed', () => {
    expect(sent(filter, variable([], 'All'))).toEqual([]);
  });

  it('keeps a filter that excludes', () => {
    expect(sent({ ...filter, operator: '!=' }, all)).toEqual([{ ...filter, operator: '!=', values: ['Wiki', 'Mail'] }]);
  });

  it('keeps a filter with more text around it', () => {
    expect(sent({ ...filter, values: ['$app (old)'] }, all)).toEqual([
      { ...filter, values: ['Wiki (old)', 'Mail (old)'] },
    ]);
  });

  it('keeps a filter that the query needs', () => {
    const user: Filter = { field: 'user_id', operator: '=', values: ['$app'] };
    const people = variable(['alex@example.com'], 'All');
    expect(sent(user, people, 'failed_logins')).toEqual([{ ...user, values: ['alex@example.com'] }]);
  });

  it('keeps a custom value of All', () => {
    expect(sent({ ...filter, operator: '=~' }, variable('.*', 'All', true))).toEqual([
      { ...filter, operator: '=~', values: ['.*'] },
    ]);
  });
});

it('keeps chosen values, also one that is called All', () => {
  expect(sent(filter, variable(['Wiki', 'Mail'], 'Wiki + Mail'))).toEqual([{ ...filter, values: ['Wiki', 'Mail'] }]);
  expect(sent(filter, variable(['All'], 'All'))).toEqual([{ ...filter, values: ['All'] }]);
});
