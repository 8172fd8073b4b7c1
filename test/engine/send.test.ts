import { expect, test } from 'vitest';
import { sendByFetch } from '../../src/engine/send.ts';
import { httpServer } from './http-server.ts';

const never = new AbortController().signal;

test('a request is sent as it is, and any 2xx accepts it', async () => {
  const seen: unknown[] = [];
  const at = await httpServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push([request.method, request.url, request.headers['x-team'], body]);
      response.writeHead(204).end();
    });
  });
  const headers = { 'x-team': 'sre' };
  expect(await sendByFetch({ url: `${at}/x?y`, headers, body: '{}', signal: never })).toBeUndefined();
  expect(seen).toEqual([['POST', '/x?y', 'sre', '{}']]);
});

test('a redirect is not followed, so no other host learns what was sent', async () => {
  const seen: string[] = [];
  const other = await httpServer((request, response) => {
    seen.push(request.url ?? '');
    response.end();
  });
  const at = await httpServer((_request, response) => response.writeHead(307, { location: other }).end());
  const why = await sendByFetch({ url: at, headers: { authorization: 'Bearer x' }, body: '', signal: never });
  expect(why).toBe('it was answered 307, a redirect, which is not followed');
  expect(seen).toEqual([]);
});

test('what went wrong is said without the address', async () => {
  const refused = await httpServer((_request, response) => response.writeHead(403).end('token?'));
  expect(await sendByFetch({ url: `${refused}/s3cret`, headers: {}, body: '', signal: never })).toBe(
    'it was answered 403',
  );
  const closed = 'http://127.0.0.1:1/s3cret';
  const why = await sendByFetch({ url: closed, headers: {}, body: '', signal: never });
  expect(why).toBe('it could not be sent: no program may use this port for http');
  expect(why).not.toMatch(/s3cret|127\.0/);
  for (const url of ['s3cret', 'file:///s3cret'])
    expect(await sendByFetch({ url, headers: {}, body: '', signal: never })).toBe(
      'its address is no http or https address',
    );
  const broken = await sendByFetch({ url: refused, headers: { 'x-a': 's3cret\nx: y' }, body: '', signal: never });
  expect(broken).toBe('what it has for the header x-a cannot be in a header');
});

test('a request that is given up ends at once', async () => {
  const at = await httpServer(() => undefined);
  const over = new AbortController();
  const sent = sendByFetch({ url: at, headers: {}, body: '', signal: over.signal });
  over.abort();
  expect(await sent).toBe('no answer in time');
});
