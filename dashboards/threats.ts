import {
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  type Dashboard,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { configurationChanged } from './annotations';
import { blockedBy } from './logins';
import { numbered, siblings, TAGS } from './overview';
import {
  addressesWithManyUsers,
  blockedAgainstUsual,
  loginsAfterBursts,
  usersByAddress,
  usersInAfterBursts,
} from './threatsGuessing';
import { changes, movedTokens, tokensAtNewAddresses } from './threatsMachines';
import { countriesByUser, newCountries, usersByCountry, usersInNewCountries } from './threatsPlaces';
import { dataSourceVariable, fieldVariable } from './variables';

/**
 * What the alert rules look for, as rows. One scan of the access requests answers all panels on people, one of the
 * audit log those on changes, and the login groups those on service tokens. `explanation` is the uid of the dashboard
 * that explains a login.
 */
export function threats(uid: string, explanation: string): Dashboard {
  const builder = new DashboardBuilder('Cloudflare Access threats')
    .uid(uid)
    .description(
      'Guessed passwords, users and service tokens in new places, and changes to the configuration of Access.'
    )
    .tags(TAGS)
    .link(siblings())
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone('browser')
    .time({ from: 'now-24h', to: 'now' })
    .refresh('5m')
    .annotation(configurationChanged())
    .withVariable(dataSourceVariable())
    .withVariable(fieldVariable('application', 'Application', 'app_name'))
    .withVariable(fieldVariable('country', 'Country', 'country'));

  [addressesWithManyUsers(), usersInAfterBursts(), usersInNewCountries(), movedTokens()].forEach((panel) =>
    builder.withPanel(panel)
  );
  builder
    .withRow(new RowBuilder('Guessed passwords'))
    .withPanel(blockedAgainstUsual())
    .withPanel(usersByAddress())
    .withPanel(blockedBy('Blocked by address', 'ip_address', 7))
    .withPanel(blockedBy('Blocked by user', 'user_email', 9))
    .withPanel(loginsAfterBursts(explanation));
  builder
    .withRow(new RowBuilder('Places'))
    .withPanel(usersByCountry())
    .withPanel(countriesByUser())
    .withPanel(newCountries(explanation));
  builder
    .withRow(new RowBuilder('Machines and configuration'))
    .withPanel(tokensAtNewAddresses(explanation))
    .withPanel(changes());
  return numbered(builder.build());
}
