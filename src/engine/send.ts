import { messageOf } from '../failure.ts';

/** A POST request. */
export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** Sends a request; undefined: it was accepted, else why not. Never rejects, and names no part of the address. */
export type Send = (request: Request) => Promise<string | undefined>;

/** What a header may hold (RFC 9110, section 5.5); the error of `fetch` would print what it may not. */
const HEADER_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** By this machine's network, without a proxy. No redirect is followed: it might lead a secret to another host. */
export const sendByFetch: Send = async ({ url, headers, body, signal }) => {
  if (!URL.canParse(url) || !/^https?:\/\//i.test(url)) return 'its address is no http or https address';
  const unfit = Object.entries(headers).find(([, value]) => !HEADER_VALUE.test(value));
  if (unfit) return `what it has for the header ${unfit[0]} cannot be in a header`;
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    await response.body?.cancel();
    if (response.status >= 300 && response.status < 400)
      return `it was answered ${response.status}, a redirect, which is not followed`;
    return response.ok ? undefined : `it was answered ${response.status}`;
  } catch (error) {
    return signal.aborted ? 'no answer in time' : `it could not be sent: ${causeOf(error)}`;
  }
};

/** `fetch` itself says only that it failed, and messages of its causes may hold the address. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof AggregateError) return [...new Set(cause.errors.map(causeOf))].join(', ');
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  if (cause instanceof Error)
    return cause.message === 'bad port' ? 'no program may use this port for http' : cause.name;
  return messageOf(cause);
}
