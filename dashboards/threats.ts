import { RowBuilder, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { accountDashboard, numbered } from './account';
import { blockedBy } from './logins';
import {
  addressesWithManyUsers,
  blockedAgainstUsual,
  loginsAfterBursts,
  usersByAddress,
  usersInAfterBursts,
} from './threatsGuessing';
import { changes, movedTokens, tokensAtNewAddresses } from './threatsMachines';
import { countriesByUser, newCountries, usersByCountry, usersInNewCountries } from './threatsPlaces';

/**
 * What the alert rules look for, as rows. One scan of the access requests answers all panels on people, one of the
 * audit log those on changes, and the login groups those on service tokens. `explanation` is the uid of the dashboard
 * that explains a login.
 */
export function threats(uid: string, explanation: string): Dashboard {
  const builder = accountDashboard(
    'Cloudflare Access threats',
    uid,
    'Guessed passwords, users and service tokens in new places, and changes to the configuration of Access.',
    '5m'
  );

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
