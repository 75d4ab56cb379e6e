import type { AddressInfo } from 'node:net';
import { API_PREFIX } from './constants';
import { createHttpServer } from './http/server';
import { resolveOptions, type SimulatorOptions } from './options';
import { Simulation } from './simulation';
import { truth, type TruthQuery, type TruthRows, type TruthSurface } from './truth';

export { ACCOUNT_ID, API_PREFIX, CONTROL_PREFIX, GLOBAL_KEY, GLOBAL_KEY_EMAIL } from './constants';
export { ATTACK_KINDS, type AttackName } from './attacks/kinds';
export type { AttackRequest } from './attacks/request';
export { CREDENTIALS, credentialNamed, type Credential } from './http/credentials';
export { FAULT_KINDS, type FaultName } from './faults/kinds';
export type { FaultRequest } from './faults/faults';
export type { SimulatorOptions } from './options';
export { PERSONALITIES, SETTINGS, type Personality } from './personality';
export { Simulation } from './simulation';
export { truth, TRUTH_SURFACES, type LoginReason, type TruthQuery, type TruthSurface } from './truth';

export interface Simulator {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** What goes into the data source's setting `apiUrl`. */
  readonly apiUrl: string;
  readonly port: number;
  readonly simulation: Simulation;
  truth<S extends TruthSurface>(query: TruthQuery<S>): Array<TruthRows[S]>;
  /** Ends every connection, hanging ones too. */
  close(): Promise<void>;
}

/** Starts a simulated account on 127.0.0.1. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const resolved = resolveOptions(options);
  const simulation = new Simulation(resolved);
  const server = createHttpServer(simulation);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(resolved.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    apiUrl: url + API_PREFIX,
    port,
    simulation,
    truth: (query) => truth(simulation.world, simulation.personality, query),
    close: () =>
      new Promise((resolve, reject) => {
        simulation.stop();
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
