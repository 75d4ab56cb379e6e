import type { BackendSrv, BackendSrvRequest, FetchError, FetchResponse } from '@grafana/runtime';
import { lastValueFrom, type Observable, switchMap } from 'rxjs';
import { fromFetch } from 'rxjs/fetch';

/** Calls the preview's host. Unsubscribing aborts the request, as Grafana's own does. */
function fetchObservable<T>(options: BackendSrvRequest): Observable<FetchResponse<T>> {
  const url = new URL(options.url, window.location.origin);
  for (const [name, value] of Object.entries(options.params ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        url.searchParams.append(name, String(one));
      }
    }
  }
  const body = options.data === undefined ? undefined : JSON.stringify(options.data);
  const headers = {
    Accept: 'application/json',
    ...(body && { 'Content-Type': 'application/json' }),
    ...options.headers,
  };
  return fromFetch(url.href, { method: options.method ?? 'GET', headers, body, signal: options.abortSignal }).pipe(
    switchMap(async (response) => {
      const { ok, status, statusText, redirected, type } = response;
      const data = await readBody(response, options.responseType);
      if (!ok) {
        const error: FetchError = { status, statusText, data, config: options, message: messageOf(data) ?? statusText };
        throw error;
      }
      return {
        data: data as T,
        ok,
        status,
        statusText,
        redirected,
        type,
        url: response.url,
        headers: response.headers,
        config: options,
      };
    })
  );
}

async function readBody(response: Response, type: BackendSrvRequest['responseType']): Promise<unknown> {
  if (type === 'blob' || type === 'arraybuffer') {
    return type === 'blob' ? response.blob() : response.arrayBuffer();
  }
  const text = await response.text();
  if (type === 'text') {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageOf(data: unknown): string | undefined {
  const message = typeof data === 'object' && data !== null && 'message' in data ? data.message : undefined;
  return typeof message === 'string' ? message : undefined;
}

async function dataOf<T>(options: BackendSrvRequest): Promise<T> {
  return (await lastValueFrom(fetchObservable<T>(options))).data;
}

/** Grafana's client of its own HTTP API, without its toasts and its queue. */
export const backendSrv: BackendSrv = {
  fetch: fetchObservable,
  chunked: () => {
    throw new Error('The preview doesn’t support streaming');
  },
  request: dataOf,
  datasourceRequest: (options) => lastValueFrom(fetchObservable(options)),
  get: (url, params, requestId, options) => dataOf({ ...options, url, params, requestId, method: 'GET' }),
  delete: (url, data, options) => dataOf({ ...options, url, data, method: 'DELETE' }),
  post: (url, data, options) => dataOf({ ...options, url, data, method: 'POST' }),
  patch: (url, data, options) => dataOf({ ...options, url, data, method: 'PATCH' }),
  put: (url, data, options) => dataOf({ ...options, url, data, method: 'PUT' }),
};
