import { describe } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { haveSshd } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';
import { contract } from './contract.ts';

describe.skipIf(!haveSshd)('ssh2 against a real OpenSSH server', () => {
  const sshd = useSshd();
  contract(() => new Ssh2Transport().connect(sshd().target()));
});
