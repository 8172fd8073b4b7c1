import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

/** A mirror of the community's package repositories behind an HTTP server on loopback. */
export interface Mirror {
  /** What stands before `/core:`; `http://127.0.0.1:PORT/mirror`. */
  readonly url: string;
  readonly port: number;
  /** Addresses asked for since the last `forget`, with the host that a proxy was asked for. */
  readonly asked: readonly string[];
  forget(): void;
  /** Other bytes for one path below `core:/stable:/`, e.g. `v1.32/deb/Release.key`; undefined: 404. */
  replace(path: string, bytes: Buffer | undefined): void;
  /** As they were made. */
  restore(): void;
  stop(): Promise<void>;
}

/** `folder`: what is served below `core:/stable:/`, and without that. */
export async function startMirror(folder: string): Promise<Mirror> {
  const replaced = new Map<string, Buffer | undefined>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host}${pathOf(request)}`);
    const path = /\/mirror\/(?:core:\/stable:\/)?(.*)$/.exec(pathOf(request))?.[1] ?? '';
    const bytes = replaced.has(path) ? replaced.get(path) : fileOf(join(folder, path));
    response.writeHead(bytes ? 200 : 404, { 'content-length': bytes?.length ?? 0 }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/mirror`,
    port: address.port,
    asked,
    forget: () => void asked.splice(0),
    replace: (path, bytes) => void replaced.set(path, bytes),
    restore: () => replaced.clear(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A proxy is asked for whole addresses. */
function pathOf(request: IncomingMessage): string {
  return decodeURIComponent((request.url ?? '').replace(/^http:\/\/[^/]*/, ''));
}

function fileOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
