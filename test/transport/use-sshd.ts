import { afterAll, beforeAll } from 'vitest';
import { startSshd, type Sshd, type SshdOptions } from '../sshd/sshd.ts';

/** One server for all tests of a describe block. */
export function useSshd(options?: SshdOptions): () => Sshd {
  let sshd: Sshd | undefined;
  beforeAll(async () => {
    sshd = await startSshd(options);
  });
  afterAll(async () => sshd?.stop());
  return () => {
    if (!sshd) throw new Error('sshd was not started');
    return sshd;
  };
}
