import { hash, uuidFor } from '../hash';
import type { ListDocument } from './documents';
import type { Person } from './people';

/** Zero Trust lists that policies and groups refer to. */
export interface Lists {
  readonly leavers: ListDocument;
  readonly approvers: ListDocument;
  readonly officeNetworks: ListDocument;
}

/** All addresses of an office but its last few, which guests and people who travel have. */
function office(network: string): string[] {
  return [`${network}.0/25`, `${network}.128/26`, `${network}.192/27`, `${network}.224/28`, `${network}.240/29`];
}

export function createLists(seed: number, people: readonly Person[], quiet: boolean): Lists {
  const someone = (what: number) => people[hash(seed, what, 61) % people.length].email;
  const of = (team: Person['team']) => people.filter((person) => person.team === team).map(({ email }) => email);
  return {
    // They have left, and still try.
    leavers: {
      id: uuidFor(seed, 'list:leavers'),
      name: 'Leavers',
      type: 'EMAIL',
      items: quiet ? [] : [...new Set([someone(1), someone(2)])],
    },
    approvers: {
      id: uuidFor(seed, 'list:approvers'),
      name: 'Finance approvers',
      type: 'EMAIL',
      items: of('finance').slice(0, 2),
    },
    officeNetworks: {
      id: uuidFor(seed, 'list:office-networks'),
      name: 'Office networks',
      type: 'IP',
      items: [
        ...office('192.0.2'),
        ...office('198.51.100'),
        ...office('203.0.113'),
        '2001:db8:2::/120',
        '2001:db8:64::/120',
        '2001:db8:71::/121',
      ],
    },
  };
}
