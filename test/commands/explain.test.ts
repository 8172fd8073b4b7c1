import { describe, expect, test } from 'vitest';
import { complete } from '../../src/completion/complete.ts';
import { everyWord } from '../../src/commands/registry.ts';
import { guards } from '../../src/guards/registry.ts';
import { swap } from '../../src/guards/swap.ts';
import { runbook } from './in-process.ts';

describe('runbook explain CODE', () => {
  test('says of a guard what it means, why, what to do, and where the rule is from', async () => {
    const { code, stdout } = await runbook(['explain', 'swap']);
    expect(code).toBe(0);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain(swap.title);
    expect(text).toMatch(
      /What Refuses to restart a kubelet .* Why .* Do `swapoff -a` .* Source "Swap memory management"/,
    );
    expect(text).toContain("can be overridden: --override 'swap=REASON'");
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('says of a binding guard why it cannot be overridden', async () => {
    const { stdout } = await runbook(['explain', 'joinable']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`cannot be overridden: ${guards.get('joinable')?.binding}`);
  });

  test('says of an exit code which failures end with it, and of a failure its exit code', async () => {
    const four = await runbook(['explain', '4']);
    expect(four.stdout).toMatch(/^4 {2}exit code\n/);
    expect(four.stdout).toContain('Failures that end with it: locked.');
    const locked = await runbook(['explain', 'locked']);
    expect(locked.stdout).toContain('Exit code 4.');
    expect(locked.stdout).toContain('runbook unlock ID');
  });

  test('says of a known text who prints it, why, what to do, and shows the lines by which it is recognised', async () => {
    const { code, stdout } = await runbook(['explain', 'etcd-no-space']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^etcd-no-space {2}known text\n/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /What etcd prints it when something fails\. .* Do .*`etcdctl alarm disarm`/,
    );
    expect(stdout).toContain('  Error from server: etcdserver: mvcc: database space exceeded\n');
  });

  test('prints the same as data', async () => {
    const { stdout } = await runbook(['explain', 'swap', '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'guard', code: 'swap', title: swap.title, source: swap.source });
  });

  test('names what is near to a code that is not there', async () => {
    const { code, stdout, stderr } = await runbook(['explain', 'etcd-heath']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('there is no code etcd-heath');
    expect(stderr).toContain('did you mean `etcd-health`?');
    const part = await runbook(['explain', 'snapshot']);
    expect(part.stderr).toContain('`etcd-snapshot-whole`');
    const none = await runbook(['explain', 'zzzzzzzzzz']);
    expect(none.stderr).not.toContain('did you mean');
    expect(none.stderr).toContain('runbook explain');
  });
});

describe('runbook explain', () => {
  test('lists every code with one line each', async () => {
    const { code, stdout } = await runbook(['explain']);
    expect(code).toBe(0);
    for (const id of [...guards.keys(), '0', '130', 'unreachable', 'apt-lock', 'drain-disruption-budget'])
      expect(stdout).toMatch(new RegExp(`^  ${id} +\\S.*$`, 'm'));
    expect(stdout).toContain(guards.get('swap')?.title);
  });

  test('prints a JSON object for each', async () => {
    const { stdout } = await runbook(['explain', '--output', 'json']);
    const codes = stdout.split('\n').map((line) => (JSON.parse(line) as { code: string }).code);
    expect(codes).toEqual(expect.arrayContaining([...guards.keys(), '3', 'locked']));
  });

  test('the shell completes codes, with what they are', async () => {
    const { candidates } = await complete(await everyWord(), ['explain', 'etcd-flo']);
    expect(candidates).toEqual([{ value: 'etcd-floor', description: guards.get('etcd-floor')?.title }]);
  });
});
