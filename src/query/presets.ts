import { outcomeFilter } from '../../catalogue';
import { type Filter, type Question } from '../types';

/** A question about attacks that is worth asking as it stands. */
export interface Preset {
  name: string;
  /** What a row of the answer can mean, in one or two sentences. */
  description: string;
  query: Question;
}

const blocked = outcomeFilter('access_requests', 'refused');
const allowed = outcomeFilter('access_requests', 'accepted');
const withToken: Filter = { field: 'serviceTokenId', operator: '!=', values: [''] };

/**
 * Ready-made questions for the editor, the schema's examples, and whatever else wants to ask the same. Numbers are where
 * the bundled alert rules start, but a preset looks at the time range of the page, and most rules at minutes.
 */
export const PRESETS: Preset[] = [
  {
    name: 'Blocked logins by application',
    description: 'Where people are refused most. A policy that was changed by mistake shows here first.',
    query: { queryType: 'access_requests', format: 'table', filters: [blocked], groupBy: ['app_name'] },
  },
  {
    name: 'Password spray',
    description: 'One address that is refused as many different users. Narrow the time range to minutes.',
    query: {
      queryType: 'access_requests',
      format: 'table',
      filters: [blocked],
      groupBy: ['ip_address'],
      measure: { type: 'distinct', field: 'user_email' },
      having: { operator: '>=', value: 15 },
    },
  },
  {
    name: 'Distributed spray',
    description: 'An application that refuses logins from many different addresses, each of which may try only a few.',
    query: {
      queryType: 'access_requests',
      format: 'table',
      filters: [blocked],
      groupBy: ['app_name'],
      measure: { type: 'distinct', field: 'ip_address' },
      having: { operator: '>=', value: 5 },
    },
  },
  {
    name: 'Brute force on one user',
    description: 'A user who is refused again and again, by an attacker or by a script with an old password.',
    query: {
      queryType: 'access_requests',
      format: 'table',
      filters: [blocked],
      groupBy: ['user_email'],
      having: { operator: '>=', value: 10 },
    },
  },
  {
    name: 'Success after a burst',
    description:
      'A login that was let in shortly after many of the same user were refused: the guess may have been right.',
    query: {
      queryType: 'access_requests',
      format: 'table',
      sequence: {
        by: ['user_email'],
        steps: [{ filters: [blocked], atLeast: 10 }, { filters: [allowed] }],
        within: '20m',
      },
    },
  },
  {
    name: 'New country for a user',
    description:
      'The first login of a user from a country in two weeks. Most are journeys, so look at what is around it.',
    query: {
      queryType: 'access_requests',
      format: 'table',
      filters: [allowed],
      firstSeen: { by: ['user_email', 'country'], history: '14d' },
    },
  },
  {
    name: 'Several countries',
    description: 'Users who were let in from three countries or more. Within hours, nobody travels that fast.',
    query: {
      queryType: 'access_requests',
      format: 'table',
      filters: [allowed],
      groupBy: ['user_email'],
      measure: { type: 'distinct', field: 'country' },
      having: { operator: '>=', value: 3 },
    },
  },
  {
    name: 'Service token from a new address',
    description:
      'The first login of a service token from an address in two weeks. Somebody may have copied its secret.',
    query: {
      queryType: 'login_groups',
      format: 'table',
      filters: [outcomeFilter('login_groups', 'accepted'), withToken],
      firstSeen: { by: ['serviceTokenId', 'ipAddress'], history: '14d' },
    },
  },
  {
    name: 'Service tokens about to expire',
    description: 'Whatever uses one of them stops getting in on that day. Tokens that expired have fewer than 0 days.',
    query: {
      queryType: 'service_tokens',
      format: 'table',
      fields: ['name', 'id', 'days_left'],
      filters: [{ field: 'days_left', operator: '<=', values: ['30'] }],
    },
  },
  {
    name: 'Blocked logins against last weeks',
    description: 'How unusual a number of blocked logins is for its hour of the week.',
    query: {
      queryType: 'access_requests',
      format: 'time_series',
      filters: [blocked],
      groupBy: [],
      compare: { shift: '7d', times: 4 },
    },
  },
  {
    name: 'Who changed the configuration',
    description: 'Every change to applications, policies, and groups, without those who only looked.',
    query: {
      queryType: 'access_changes',
      format: 'table',
      filters: [outcomeFilter('access_changes', 'accepted'), { field: 'action', operator: '!=', values: ['view'] }],
      fields: ['time', 'actor_email', 'actor_token_name', 'action', 'resource_type', 'resource_name', 'resource_id'],
    },
  },
];
