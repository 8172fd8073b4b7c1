import type { Target } from '../../src/transport/transport.ts';

/** A target of loopback to log in to, with nothing to log in with. */
export const someTarget: Target = {
  name: 'cp-1',
  host: '127.0.0.1',
  port: 1,
  user: 'ops',
  identityFiles: [],
  knownHosts: [],
  hostKeyChecking: 'strict',
  jump: [],
  become: { method: 'none' },
  connectTimeout: 5000,
  keepaliveInterval: 15_000,
};
