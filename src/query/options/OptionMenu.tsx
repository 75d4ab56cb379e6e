import { Button, Dropdown, Menu } from '@grafana/ui';
import React from 'react';

import { catalogue } from '../../../catalogue';
import { type FullQuery, type QueryOptions } from '../../types';
import { available, type OptionName } from './options';

interface Props {
  query: FullQuery;
  onAdd: (option: OptionName, start: QueryOptions) => void;
}

/** In the order in which the menu shows them. */
const ENTRIES: Record<OptionName, { label: string; description: (events: string) => string }> = {
  measure: {
    label: 'Measure',
    description: (events) => `Count different values, such as users, in place of ${events}`,
  },
  having: { label: 'Only groups with …', description: () => 'Keep the groups whose number is large enough' },
  firstSeen: { label: 'Only first seen', description: (events) => `Find ${events} with values that none had before` },
  sequence: { label: 'Sequence', description: (events) => `Find ${events} that follow others in time` },
  compare: { label: 'Compare', description: () => 'Set each value beside those of earlier days or weeks' },
};

/** Offers the options that the query can get. One is added a task later: the menu that closes takes the focus back first. */
export function OptionMenu({ query, onAdd }: Props) {
  const starts = available(query);
  const names = (Object.keys(ENTRIES) as OptionName[]).filter((name) => starts[name]);
  if (names.length === 0) {
    return null;
  }
  const { many } = catalogue[query.queryType].noun;
  const menu = (
    <Menu>
      {names.map((name) => (
        <Menu.Item
          key={name}
          label={ENTRIES[name].label}
          description={ENTRIES[name].description(many)}
          onClick={() => setTimeout(onAdd, 0, name, { [name]: starts[name] })}
        />
      ))}
    </Menu>
  );
  return (
    <Dropdown overlay={menu} placement="bottom-start">
      <Button variant="secondary" icon="plus">
        Option
      </Button>
    </Dropdown>
  );
}
