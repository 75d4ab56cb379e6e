/** Each surface answers in Explore, and what is answered is what really happened. */
import { catalogue, EVENT_TYPES, eventTypes, type EventTypeName } from '../../catalogue';
import { startSimulator } from '../../simulator';
import { Explore, type Query } from './explore';
import { settingsFor } from './host/host';
import { expect, test } from './test';

/** A blocked person with an open session, out of the simulated organisation: it is the same in every process. */
async function somebodyKnown(window: { from: number; to: number }): Promise<{ id: string; email: string }> {
  const simulator = await startSimulator({ port: 0 });
  const rows = simulator.truth({ surface: 'access_requests', ...window });
  const { people } = simulator.simulation.world.organisation;
  const blocked = people.filter(({ id }) => rows.some((row) => row.user_id === id && row.allowed === false));
  const hasSession = (userId: string) => simulator.truth({ surface: 'active_sessions', ...window, userId }).length > 0;
  const person = blocked.find(({ id }) => hasSession(id)) ?? blocked[0];
  await simulator.close();
  return { id: person.id, email: person.email };
}

for (const queryType of EVENT_TYPES) {
  test(`${queryType} as a table`, async ({ page, host, picture }) => {
    const explore = new Explore(page, await host.dataSource(settingsFor('full-access')));
    const person = await somebodyKnown(explore.window);
    const answer = await explore.open({ ...queryFor(queryType, person.email), limit: 100_000 });

    expect(answer.error).toBeUndefined();
    await expect(explore.editor.getByText(catalogue[queryType].permission)).toBeVisible();
    const truth = await explore.truth(queryType, person.id);
    if (truth) {
      expect(countOf(queryType, answer.rows, () => answer.column(eventTypes[queryType].count))).toBe(truth.length);
    }
    expect(answer.rows).toBeGreaterThan(0);
    await expect(page.getByRole('grid').or(page.getByRole('table')).first()).toBeVisible();
    await expect(explore.editor.getByRole('status', { name: 'Coverage' })).toContainText(/complete/i);
    await picture(`explore-${queryType}`);
  });
}

function queryFor(queryType: EventTypeName, email: string): Query {
  const filters = catalogue[queryType].requiredFilters.map((field) => ({ field, operator: '=', values: [email] }));
  return { queryType, format: 'table', filters };
}

/** GraphQL has a row a group and counts its events; elsewhere a row is an event. */
function countOf(queryType: EventTypeName, rows: number, counts: () => unknown[]): number {
  const isGrouped = catalogue[queryType].api === 'graphql';
  return isGrouped ? counts().reduce((sum: number, count) => sum + Number(count), 0) : rows;
}
