/** A proxy that passes calls on and keeps what was said, without headers: no credential is kept. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedCall {
  method: string;
  /** Below the API's address: `/accounts/…`. */
  path: string;
  /** Without `?`. */
  query: string;
  requestBody: string;
  status: number;
  responseBody: string;
}

export interface Recorder {
  /** To be used in place of the recorded API's address. */
  apiUrl: string;
  calls: RecordedCall[];
  close(): Promise<void>;
}

/** Records what goes to `target`, an API address without a slash at its end. */
export async function startRecorder(target: string): Promise<Recorder> {
  const calls: RecordedCall[] = [];
  const server = createServer((request, response) => {
    forward(target, request)
      .then(({ call, contentType, headers }) => {
        calls.push(call);
        response.writeHead(call.status, { ...headers, 'content-type': contentType });
        response.end(call.responseBody);
      })
      .catch((error: Error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    apiUrl: `http://127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function forward(target: string, request: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const requestBody = Buffer.concat(chunks).toString();
  const method = request.method ?? 'GET';
  const [path, query = ''] = (request.url ?? '/').split('?');
  const answer = await fetch(target + request.url, {
    method,
    headers: pick(request.headers, ['authorization', 'x-auth-email', 'x-auth-key', 'content-type']),
    body: requestBody === '' ? undefined : requestBody,
    redirect: 'manual',
  });
  const call: RecordedCall = {
    method,
    path,
    query,
    requestBody,
    status: answer.status,
    responseBody: await answer.text(),
  };
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => /^(ratelimit|retry-after|cf-)/.test(name)));
  return { call, contentType: answer.headers.get('content-type') ?? 'application/json', headers };
}

function pick(headers: IncomingMessage['headers'], names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])));
}
