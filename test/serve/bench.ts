import { FolderFleetStore } from '../../src/fleet/embedded/folder-store.ts';
import { get, type IncomingHttpHeaders, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { RunStore } from '../../src/journal/store.ts';
import { serveRuns, type Serving } from '../../src/serve/server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Serves a state folder until the test is over. */
export async function serving(
  state: string,
  port = 0,
  plans: readonly string[] = [],
): Promise<Serving & { readonly port: number }> {
  const made = await serveRuns({
    store: new RunStore(state),
    fleets: new FolderFleetStore(state),
    plans,
    port,
    script: 'void 0;',
    now: Date.now,
  });
  onTestFinished(() => made.close());
  return { ...made, port: Number(new URL(made.url).port) };
}

export interface Asked {
  readonly method?: string;
  readonly cookie?: string;
  readonly host?: string;
  readonly address?: string;
}

export function ask(url: string, { method = 'GET', cookie, host, address }: Asked = {}): Promise<Answer> {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = { ...(cookie !== undefined && { cookie }), ...(host !== undefined && { host }) };
    const options = { host: address ?? hostname, port, path: pathname + search, method, headers };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Uses the token, as a browser does. */
export async function enter(url: string): Promise<{ readonly base: string; readonly cookie: string }> {
  const { headers } = await ask(url);
  const [cookie = ''] = headers['set-cookie']?.[0]?.split(';') ?? [];
  return { base: new URL(headers.location ?? '', url).href, cookie };
}

/** The versions that a stream of events names. */
export function listenTo(url: string, cookie: string): { readonly versions: string[] } {
  const versions: string[] = [];
  const sent = get(url, { headers: { cookie } }, (response) => {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) =>
      versions.push(...[...chunk.matchAll(/^data: (.+)$/gm)].map(([, one]) => one ?? '')),
    );
    response.on('error', () => undefined);
  });
  sent.on('error', () => undefined);
  onTestFinished(() => void sent.destroy());
  return { versions };
}
