import { exported } from './export';
import { apiGroup } from './formats';
import { FOLDER } from './index';

const FOLDER_UID = 'cfaccess-rules';

/** Writes the rules through Grafana's HTTP API, and yields the name of each group that is written. */
export async function* putRules(grafana: string, token: string, datasourceUid: string): AsyncGenerator<string> {
  const call = async (
    method: string,
    path: string,
    body: object,
    isFine: (status: number) => boolean
  ): Promise<void> => {
    const answer = await fetch(new URL(path, grafana.endsWith('/') ? grafana : `${grafana}/`), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        // Without it, Grafana takes the rules for provisioned ones, which nobody can edit.
        'x-disable-provenance': 'true',
      },
      body: JSON.stringify(body),
    });
    if (!isFine(answer.status)) {
      throw new Error(`Grafana answers ${answer.status} to ${method} ${path}: ${await answer.text()}`);
    }
  };
  // 409 and 412: there is a folder with this UID.
  const isThere = (status: number): boolean => status === 200 || status === 409 || status === 412;
  await call('POST', 'api/folders', { uid: FOLDER_UID, title: FOLDER }, isThere);
  for (const group of exported(datasourceUid)) {
    const path = `api/v1/provisioning/folder/${FOLDER_UID}/rule-groups/${encodeURIComponent(group.name)}`;
    await call('PUT', path, apiGroup(group, FOLDER_UID), (status) => status === 200);
    yield group.name;
  }
}
