import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** When the expired copy of the key was made; it lasted a year. */
const LONG_AGO = '20200101T000000';

/**
 * Armored copies of the signing key: as it is, as it was while it ended in 2021, and one that never signed anything.
 */
export interface SigningKeys {
  readonly current: Buffer;
  readonly expired: Buffer;
  readonly other: Buffer;
}

/** How `gpg` signs with that key, in the folder that {@link makeKeys} got. */
export function signingOptions(home: string): string[] {
  return ['--homedir', home, '--batch', '--yes', '--local-user', 'packages', '--armor'];
}

/** One key whose end was moved after it had come, as the community's was, and a stranger. */
export function makeKeys(home: string): SigningKeys {
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: string[]): Buffer =>
    run('gpg', ['--homedir', home, '--batch', '--pinentry-mode', 'loopback', '--passphrase', '', ...args]);
  gpg(
    '--faked-system-time',
    LONG_AGO,
    '--quick-generate-key',
    'packages <packages@localhost>',
    'rsa2048',
    'sign',
    '1y',
  );
  const expired = gpg('--armor', '--export', 'packages');
  const id = /^fpr:::::::::([0-9A-F]+):/m.exec(gpg('--with-colons', '--list-keys', 'packages').toString())?.[1] ?? '';
  gpg('--quick-set-expire', id, '20y');
  const current = gpg('--armor', '--export', 'packages');
  gpg('--quick-generate-key', 'other <other@localhost>', 'rsa2048', 'sign', 'never');
  return { current, expired, other: gpg('--armor', '--export', 'other') };
}

/** Ends gpg's agent, which would outlive the test. */
export function endAgent(home: string): void {
  run('gpgconf', ['--homedir', home, '--kill', 'all']);
}

/** @throws Error with what the program printed to stderr */
export function run(command: string, args: readonly string[], options: ExecFileSyncOptions = {}): Buffer {
  return Buffer.from(execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options }));
}
