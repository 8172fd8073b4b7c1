import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import type { FleetBook } from '../fleet/book.ts';
import { isRunId } from '../journal/run-id.ts';
import type { RunStore } from '../journal/store.ts';
import { pagePolicy } from '../render/report/shell.ts';
import { Access } from './access.ts';
import { follow } from './follow.ts';
import { Pages } from './pages.ts';

/** Only this machine can connect. */
const ADDRESS = '127.0.0.1';

export interface Serving {
  /** The address that opens the pages, in one browser. */
  readonly url: string;
  /** Ends every connection. */
  readonly close: () => Promise<void>;
}

export interface ServeOptions {
  readonly store: RunStore;
  readonly fleets: FleetBook;
  /** Files of saved plans to show beside the runs. */
  readonly plans?: readonly string[];
  /** 0: any that is free. */
  readonly port: number;
  /** The script of live pages. */
  readonly script: string;
  readonly now: () => number;
}

/** Shows the runs of a state folder on loopback. @throws Failure (usage) where the port cannot be taken */
export async function serveRuns({ store, fleets, plans = [], port, script, now }: ServeOptions): Promise<Serving> {
  const server = createServer();
  const access = new Access(await listen(server, port));
  const pages = new Pages({ store, fleets, plans, script, now });
  const site: Site = { store, plans, access, pages, policy: pagePolicy(script, true) };
  server.on('request', (request, response) => void handle(site, request, response));
  return {
    url: access.url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      const next = 'Choose another port with --port, or leave it out: a free one is taken.';
      reject(new Failure('usage', `cannot listen on ${ADDRESS}:${port}: ${why}`, [next]));
    });
    server.listen({ host: ADDRESS, port, exclusive: true }, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

interface Site {
  readonly store: RunStore;
  readonly plans: readonly string[];
  readonly access: Access;
  readonly pages: Pages;
  readonly policy: string;
}

async function handle(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await answer(site, request, response);
  } catch (error) {
    // A file that is damaged, or gone: the next request may have an answer.
    const text = error instanceof Failure ? [error.message, ...error.detail].join('\n') : messageOf(error);
    if (response.headersSent) response.destroy();
    else send(response, 500, 'text/plain', `${text}\n`);
  }
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const verdict = site.access.judge(request);
  switch (verdict.kind) {
    case 'refused':
      if (verdict.status === 405) response.setHeader('Allow', 'GET, HEAD');
      send(response, verdict.status, 'text/plain', `${verdict.why}\n`);
      return;
    case 'exchanged':
      response.setHeader('Set-Cookie', verdict.cookie);
      response.setHeader('Location', verdict.to);
      send(response, 303, 'text/plain', '');
      return;
    case 'granted':
      await show(site, verdict.path, response);
  }
}

async function show({ store, plans, pages, policy }: Site, path: string, response: ServerResponse): Promise<void> {
  const [, run, what] = /^runs\/([^/]+)(?:\/(events|report\.json))?$/.exec(path) ?? [];
  const [, fleet, ofFleet] = /^fleets\/([^/]+)(\/events)?$/.exec(path) ?? [];
  const page = { type: 'text/html', policy };
  const [, number, ofPlan] = /^plans\/(\d+)(\/events)?$/.exec(path) ?? [];
  const plan = number === undefined ? undefined : plans[Number(number) - 1];
  if (path === '') send(response, 200, page, await pages.list());
  else if (plan !== undefined && ofPlan !== undefined) stream(response, dirname(plan), () => pages.versionOfPlan(plan));
  else if (plan !== undefined) send(response, 200, page, await pages.plan(plan, Number(number)));
  else if (fleet !== undefined && isRunId(fleet))
    await showFleet({ store, pages, policy }, fleet, ofFleet !== undefined, response);
  else if (path === 'events') stream(response, join(store.root, 'runs'), () => pages.version(undefined));
  else if (run === undefined || !isRunId(run)) send(response, 404, 'text/plain', 'There is no such page.\n');
  else if (what === 'events') stream(response, store.folder(run).path, () => pages.version(run));
  else {
    const text = await (what === undefined ? pages.run(run) : pages.json(run));
    if (text === undefined) send(response, 404, 'text/plain', `There is no run ${run} in ${store.root}.\n`);
    else send(response, 200, what === undefined ? page : 'application/json', text);
  }
}

async function showFleet(
  { store, pages, policy }: Pick<Site, 'store' | 'pages' | 'policy'>,
  run: string,
  isEvents: boolean,
  response: ServerResponse,
): Promise<void> {
  const text = await pages.fleet(run);
  if (text === undefined) send(response, 404, 'text/plain', `There is no fleet run ${run} here.\n`);
  else if (isEvents) stream(response, join(store.root, 'fleets', run), () => pages.versionOfFleet(run));
  else send(response, 200, { type: 'text/html', policy }, text);
}

type Kind = string | { readonly type: string; readonly policy: string };

/** Node leaves out the body of an answer to HEAD. */
function send(response: ServerResponse, status: number, kind: Kind, body: string): void {
  const { type, policy } = typeof kind === 'string' ? { type: kind, policy: "default-src 'none'" } : kind;
  response.writeHead(status, { ...headers(type, policy), 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** Names the version of a page, now and when there is another, as long as the browser listens. */
function stream(response: ServerResponse, folder: string, versionOf: () => Promise<string>): void {
  response.writeHead(200, headers('text/event-stream', "default-src 'none'"));
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  response.write('retry: 1000\n\n');
  const following = follow(folder, versionOf, (version) => response.write(`data: ${version}\n\n`));
  response.on('close', following.end);
}

function headers(type: string, policy: string): Record<string, string> {
  return {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
    'Cache-Control': 'no-store',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
}
