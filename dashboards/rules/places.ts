import { outcomeFilter } from '../../catalogue/index';
import type { Filter } from '../../src/types';
import { NO_LOGOUTS, type Question } from '../target';
import { anyOf, HOUR, ofAlert, UNTIL_SEALED, where, type Rule } from './rule';

/** Some rows have no country, which would count as one more. */
const WITH_COUNTRY: Filter = { field: 'country', operator: '!=', values: [''] };

/** A blocked login says where the attacker is, not the user. */
const SIGNED_IN: Question = {
  queryType: 'access_requests',
  format: 'table',
  filters: [outcomeFilter('access_requests', 'accepted'), NO_LOGOUTS, WITH_COUNTRY],
};
const OF_USER: Filter = { field: 'user_email', operator: '=', values: [ofAlert('user_email')] };

const COUNTRIES = 3;
const COUNTRIES_WINDOW = 3 * HOUR;
/** How long ago the last of the countries may have come up. Without it, the alert would last as long as the window. */
const ARRIVED = HOUR;

const manyCountries: Rule = {
  id: 'many-countries',
  attack: 'many_countries',
  title: 'User in several countries',
  severity: 'warning',
  mitre: 'T1078.004',
  summary: '{{ $labels.user_email }} signed in from {{ $values.countries }} countries within three hours.',
  description:
    `A user signed in from ${COUNTRIES} or more countries within three hours, which nobody can travel through in that time. ` +
    'Either several people use the account, or its traffic goes through changing exits of a VPN.',
  queries: [
    {
      refId: 'countries',
      from: COUNTRIES_WINDOW,
      question: { ...SIGNED_IN, groupBy: ['user_email'], measure: { type: 'distinct', field: 'country' } },
    },
    {
      refId: 'arrivals',
      from: ARRIVED,
      question: {
        ...SIGNED_IN,
        groupBy: ['user_email'],
        firstSeen: { by: ['user_email', 'country'], history: '3h' },
      },
    },
  ],
  // A "having" in the first query would leave single rows, which Grafana takes together whatever their labels are.
  steps: [where(`$countries >= ${COUNTRIES} && $arrivals > 0`)],
  rows: { from: 'now-6h', question: { ...SIGNED_IN, filters: [...(SIGNED_IN.filters ?? []), OF_USER] } },
  thresholds: [
    {
      what: `${COUNTRIES} countries of one user within 3 hours`,
      source:
        '[Microsoft Sentinel](https://github.com/Azure/Azure-Sentinel/blob/master/Solutions/Okta%20Single%20Sign-On/Analytic%20Rules/LoginfromUsersfromDifferentCountrieswithin3hours.yaml) alerts on two within 3 hours. A phone that leaves the office network often makes two, so we ask for three',
    },
    {
      what: 'the last of them came up within the last hour',
      source: 'Our judgment: the alert ends an hour after the last login from another country, not after three',
    },
  ],
};

const NEW_COUNTRY: Question = { ...SIGNED_IN, firstSeen: { by: ['user_email', 'country'], history: '14d' } };

const newCountry: Rule = {
  id: 'new-country',
  attack: 'new_country',
  title: 'User in a new country',
  severity: 'info',
  mitre: 'T1078.004',
  summary: '{{ $labels.user_email }} signed in from {{ $labels.country }} for the first time in 14 days.',
  description:
    'A user signed in from a country from which the user has not signed in for 14 days. That is somebody who travels, somebody ' +
    'who is new, or somebody else.',
  queries: [{ refId: 'logins', from: UNTIL_SEALED, question: { ...NEW_COUNTRY, groupBy: ['user_email', 'country'] } }],
  steps: [anyOf('logins')],
  rows: { from: 'now-14d', question: { ...SIGNED_IN, filters: [...(SIGNED_IN.filters ?? []), OF_USER] } },
  thresholds: [
    {
      what: 'A country that the user did not sign in from for 14 days',
      source:
        '[Microsoft Sentinel](https://github.com/Azure/Azure-Sentinel/blob/master/Detections/SigninLogs/AuthenticationAttemptfromNewCountry.yaml) has the same history, for countries of the whole organization',
    },
  ],
};

export const PLACES: Rule[] = [manyCountries, newCountry];
