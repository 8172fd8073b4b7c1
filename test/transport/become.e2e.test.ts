import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { haveSshd } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';

const sudoWorks = spawnSync('sudo', ['-n', 'true']).status === 0 || process.env['CI'] !== undefined;
describe.skipIf(!haveSshd || !sudoWorks)('the real sudo over a real OpenSSH server', () => {
  const sshd = useSshd();

  test('a command runs as root, with and without a password at hand', async () => {
    for (const become of [{ method: 'sudo' }, { method: 'sudo', password: 'env:NO_SUCH_PASSWORD' }] as const) {
      const session = await new Ssh2Transport().connect(sshd().target({ become }));
      const result = await session.exec(`id -u; cat; echo "it's done"`, { stdin: 'payload\n' });
      expect(result).toMatchObject({ exit: { kind: 'exited', code: 0 } });
      expect(result.stdout.toString()).toBe("0\npayload\nit's done\n");
      expect(result.stderr.toString()).toBe('');
      await session.close();
    }
  });
});
