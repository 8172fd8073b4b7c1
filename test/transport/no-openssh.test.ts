import { expect, onTestFinished, test, vi } from 'vitest';
import { TransportByLogin } from '../../src/transport/by-login.ts';
import type { Target } from '../../src/transport/transport.ts';
import { someTarget } from './some-target.ts';

test('a machine without ssh says which package it needs, and what else to set', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  onTestFinished(() => void vi.unstubAllEnvs());
  const target: Target = { ...someTarget, connectTimeout: 1000, keepaliveInterval: 1000, transport: 'openssh' };
  await expect(new TransportByLogin().connect(target)).rejects.toMatchObject({
    name: 'ConnectFailure',
    message: 'cp-1: this machine has no `ssh`',
    detail: [expect.stringMatching(/openssh-client.*ssh\.transport: ssh2/)],
  });
});
