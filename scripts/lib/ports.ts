import { createServer } from 'node:net';
import { Failure } from './failure';

const HOST = '127.0.0.1';

/** The first free port from `first` up on 127.0.0.1, or any free port for 0. */
export async function freePort(first: number): Promise<number> {
  for (let port = first; port < 65_536; port++) {
    const found = await tryPort(port);
    if (found !== undefined) {
      return found;
    }
  }
  throw new Failure(`There is no free port from ${first} up on ${HOST}.`);
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
