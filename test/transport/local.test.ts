import { userInfo } from 'node:os';
import { describe } from 'vitest';
import { LocalTransport } from '../../src/transport/local.ts';
import type { Target } from '../../src/transport/transport.ts';
import { contract } from './contract.ts';

const here: Target = {
  name: 'local',
  host: 'localhost',
  port: 0,
  user: userInfo().username,
  identityFiles: [],
  knownHosts: [],
  hostKeyChecking: 'strict',
  jump: [],
  become: { method: 'none' },
  connectTimeout: 10_000,
  keepaliveInterval: 15_000,
};

describe('the local transport', () => contract(() => new LocalTransport().connect(here)));
