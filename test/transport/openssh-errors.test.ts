import { expect, test } from 'vitest';
import { explainSsh, whyLost } from '../../src/transport/openssh-errors.ts';
import type { Login } from '../../src/transport/transport.ts';

const login: Login = {
  host: 'cp-1.example',
  port: 22,
  user: 'ops',
  identityFiles: [],
  knownHosts: ['/k'],
  hostKeyChecking: 'strict',
  connectTimeout: 1000,
  keepaliveInterval: 1000,
};
const place = { host: 'cp-1.example', port: 22, label: 'cp-1.example:22', via: [] };

test.each([
  ['ssh: Could not resolve hostname cp-1: Name or service not known', 'unreachable'],
  ['ssh: connect to host cp-1 port 22: Connection refused', 'unreachable'],
  ['ssh: connect to host cp-1 port 22: No route to host', 'unreachable'],
  ['ssh: connect to host cp-1 port 22: Connection timed out', 'timeout'],
  ['Connection timed out during banner exchange', 'timeout'],
  ['kex_exchange_identification: Connection closed by remote host', 'protocol'],
  ['ops@cp-1: Permission denied (publickey).', 'authentication'],
  ['Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures', 'authentication'],
  ['No ED25519 host key is known for cp-1 and you have requested strict checking.', 'host-key-unknown'],
  ['@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @', 'host-key-changed'],
  ['@         WARNING: REVOKED HOST KEY DETECTED!               @', 'host-key-revoked'],
  ['Unable to negotiate with 10.0.0.1 port 22: no matching key exchange method found.', 'protocol'],
  ['something that no one has seen yet', 'protocol'],
])('%s is a failure of the kind %s, and is quoted', (line, reason) => {
  const failure = explainSsh({ name: 'cp-1', login, place }, [line], ['a note']);
  expect(failure).toMatchObject({ name: 'ConnectFailure', target: 'cp-1', reason });
  expect(failure.message).toContain('cp-1 (cp-1.example:22): ');
  expect(failure.detail).toContain('a note');
  if (!line.startsWith('@')) expect(failure.detail.join('\n')).toContain(line.replace(/^ssh: /, ''));
});

test('a link is lost by the last words of ssh', () => {
  expect(whyLost(['a banner', 'Timeout, server cp-1 not responding.'])).toBe('it no longer answers (keepalive)');
  expect(whyLost(['Connection to cp-1 closed by remote host.'])).toBe('Connection to cp-1 closed by remote host.');
  expect(whyLost([])).toBe('the connection was closed');
});
