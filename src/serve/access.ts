import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const COOKIE = 'runbook-serve';

export type Verdict =
  | { readonly kind: 'granted'; readonly path: string }
  /** The token was right: the browser gets a cookie for it, and goes on without it. */
  | { readonly kind: 'exchanged'; readonly cookie: string; readonly to: string }
  | { readonly kind: 'refused'; readonly status: 400 | 403 | 404 | 405; readonly why: string };

/**
 * Who may ask. A token in an address is good for one browser: its first use gives that a cookie, and no other use is
 * accepted. A browser sends the cookies of a host to all of its ports, so the cookie is bound to a path as well, which
 * no server on another port knows.
 */
export class Access {
  readonly #base = `/${randomBytes(12).toString('base64url')}/`;
  readonly #session = randomBytes(32).toString('base64url');
  readonly #hosts: ReadonlySet<string>;
  #token: string | undefined = randomBytes(32).toString('base64url');
  /** The address that opens the pages, once. */
  readonly url: string;

  constructor(port: number) {
    this.#hosts = new Set(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`));
    this.url = `http://127.0.0.1:${port}${this.#base}?token=${this.#token}`;
  }

  /** A name of another site that leads to this machine (DNS rebinding) is in `Host`: it is refused before all else. */
  judge({ method, url = '', headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): Verdict {
    if (!this.#hosts.has(headers.host?.toLowerCase() ?? ''))
      return refused(403, 'This server answers only under the address that runbook serve printed.');
    if (method !== 'GET' && method !== 'HEAD') return refused(405, 'These pages can only be read.');
    if (!url.startsWith('/') || !URL.canParse(url, 'http://127.0.0.1')) return refused(400, 'This is no address.');
    const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
    const token = searchParams.get('token');
    if (this.#hasCookie(headers.cookie)) {
      if (!pathname.startsWith(this.#base)) return refused(404, 'There is no such page.');
      if (token !== null) return { kind: 'exchanged', cookie: this.#cookie(), to: this.#base };
      return { kind: 'granted', path: pathname.slice(this.#base.length) };
    }
    if (token === null || pathname !== this.#base)
      return refused(403, 'Open the address that runbook serve printed: it has a token for one browser.');
    if (method !== 'GET' || this.#token === undefined || !isSame(token, this.#token))
      return refused(
        403,
        'This token is not valid, or was used by another browser. Start runbook serve again for a new one.',
      );
    this.#token = undefined;
    return { kind: 'exchanged', cookie: this.#cookie(), to: this.#base };
  }

  #cookie(): string {
    return `${COOKIE}=${this.#session}; Path=${this.#base}; HttpOnly; SameSite=Strict`;
  }

  #hasCookie(header = ''): boolean {
    const values = header.split(';').flatMap((pair) => {
      const [name = '', value = ''] = pair.trim().split('=', 2);
      return name === COOKIE ? [value] : [];
    });
    return values.some((value) => isSame(value, this.#session));
  }
}

function refused(status: 400 | 403 | 404 | 405, why: string): Verdict {
  return { kind: 'refused', status, why };
}

/** Takes the same time wherever they differ. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
