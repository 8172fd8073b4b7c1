import { execa } from 'execa';
import { expect, test } from 'vitest';
import { haveSshd } from '../sshd/sshd.ts';

const root = new URL('../..', import.meta.url).pathname;

test.skipIf(!haveSshd)(
  'a step takes no more turns, bytes and processes than its limits in the comparison allow',
  async () => {
    const { exitCode, stdout, stderr } = await execa('node', ['test/tools/bench.mjs', '--smoke'], {
      cwd: root,
      reject: false,
    });
    expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toContain('holds  turns per step');
  },
);
