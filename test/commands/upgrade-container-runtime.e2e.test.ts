import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

const CHANGING =
  /^(kubectl(?!.*--dry-run).*\b(drain|uncordon)\b|(apt-get|dnf) .*\binstall\b.*containerd|systemctl restart)/;

test('upgrade-container-runtime works node by node, continues after a failure, and has nothing to do the second time', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 2, rocky: ['worker-2'], containerd: '1.7.27', timeScale: 200 });
  const place = ['-i', lab.inventory, '--state-dir', folder(), '--yes'];
  const file = 'upgrade-container-runtime.yaml';
  const args = [file, ...place, '--limit', 'workers', '--set', 'version=2.0', '--set', 'runtimeVersion=2.0'];
  lab.fault('worker-2', '^systemctl restart containerd', 'exit:1');
  const failed = await runbook(['apply', ...args]);
  expect(failed.code, failed.all.slice(-3000)).toBe(1);
  expect(failed.all).toContain('containerd cannot be restarted');
  expect((await lab.node('worker-2')).unschedulable).toBe(true);

  const resumed = await runbook(['resume', ...place]);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  const changes = async (name: string) =>
    (await lab.node(name)).commands.flatMap(({ line, exit }) => {
      const [word] = CHANGING.exec(line) ?? [];
      return word === undefined ? [] : [`${/drain|uncordon|install|restart/.exec(word)?.[0] ?? ''} ${exit}`];
    });
  expect(await changes('worker-1')).toEqual(['install 0', 'restart 0']);
  // What was installed stays so; its service is restarted by the second attempt.
  expect(await changes('worker-2')).toEqual(['install 0', 'restart 1', 'install 0', 'restart 0']);
  expect(await changes('cp-1')).toEqual(['drain 0', 'uncordon 0', 'drain 0', 'uncordon 0']);
  for (const { name, containerRuntime, unschedulable, ready } of await lab.nodes())
    expect({ name, containerRuntime, unschedulable, ready }).toEqual({
      name,
      containerRuntime: `containerd://${name === 'cp-1' ? '1.7.27' : '2.0.5'}`,
      unschedulable: false,
      ready: true,
    });

  const again = await runbook(['apply', ...args]);
  expect(again.code, again.all).toBe(0);
  expect(again.all).toContain('nothing needs it: installed: containerd.io 2.0.5');
  expect(await changes('cp-1')).toHaveLength(4);
  expect(await changes('worker-2')).toHaveLength(4);
});

test("Debian's own packages, of whose version a kubelet understands a part", async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1, containerd: '1.6.20~ds1', timeScale: 200 });
  const args = ['-i', lab.inventory, '--state-dir', folder(), '--yes', '--set', 'packages=containerd,runc'];
  const done = await runbook(['apply', 'upgrade-container-runtime.yaml', ...args, '--set', 'runtimeVersion=1.6.20']);
  expect(done.code, done.all.slice(-3000)).toBe(0);
  expect(done.all).toContain('installed: containerd 1.6.20~ds1-1+deb12u1, runc 1.1.5+ds1-1+deb12u1');
  expect(done.all).toContain('worker-1 is Ready with containerd://1.6.20\n');
});
