import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { NodeState } from '../../src/lab/state.ts';
import { changes, folder } from './cli.ts';
import { type Lab, labUp, runbook } from './in-process.ts';

const DOWNLOAD = /^apt-get .*--download-only install /;

function lines(node: NodeState, pattern: RegExp): string[] {
  return node.commands.map((command) => command.line).filter((line) => pattern.test(line));
}

function upgrade(lab: Lab, state: string, ...more: readonly string[]) {
  return runbook(['apply', 'upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', state, '--yes', ...more]);
}

test('packages and images come onto all nodes at once, before anything is changed, and a second run fetches nothing', async () => {
  const lab = await labUp({ controlPlanes: 2, workers: 1 });
  const state = folder();
  const names = (await lab.nodes()).map((node) => node.name);
  for (const name of names) lab.fault(name, '--download-only', 'slow:1500ms');
  const planned = await runbook(['plan', 'upgrade-1.32.yaml', '-i', lab.inventory]);
  expect(planned.stdout).toContain(
    'apt-get install -y --download-only kubeadm=1.32.9-1.1 kubelet=1.32.9-1.1 kubectl=1.32.9-1.1',
  );
  expect(planned.stdout).toContain('crictl pull registry.k8s.io/kube-scheduler:v1.32.9');
  expect((await lab.nodes()).flatMap((node) => lines(node, /--download-only|crictl .*pull/))).toEqual([]);

  const applied = await upgrade(lab, state);
  expect(applied.code, applied.all.slice(-2000)).toBe(0);
  const nodes = await lab.nodes();
  const all = nodes.flatMap((node) => node.commands).toSorted((a, b) => a.at.localeCompare(b.at));
  const first = all.findIndex(({ line }) => changes({ commands: [{ line }] }).length > 0);
  const fetched = all.slice(0, first).filter(({ line }) => DOWNLOAD.test(line));
  expect(fetched).toHaveLength(names.length);
  // Each of them takes more than 1.5 s.
  const times = fetched.map(({ at }) => Date.parse(at));
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(1500);
  for (const node of nodes) {
    const pulled = lines(node, /^crictl .*pull /).map((line) => line.replace(/.*\//, '').replace(/:.*/, ''));
    const ofAll = ['coredns', 'kube-proxy', 'pause'];
    const own = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
    expect(pulled.toSorted()).toEqual(node.role === 'worker' ? ofAll : [...ofAll, ...own].toSorted());
  }
  const again = await upgrade(lab, state, '--output', 'plain');
  expect(again.code).toBe(0);
  for (const name of names)
    expect(again.all).toMatch(new RegExp(`${name} 1.1-prefetch: unchanged.*is at 1.32.9 already`));
  expect((await lab.nodes()).flatMap((node) => lines(node, DOWNLOAD))).toHaveLength(names.length);
});

test.each([
  ['a package', '--download-only', 1, /cannot be fetched from .*kubelet=1\.32\.9-1\.1/],
  // Each image is tried three times.
  ['an image', 'crictl .*pull .*kube-proxy', 3, /these images cannot be fetched: \S+kube-proxy:v1\.32\.9/],
])(
  '%s that cannot be fetched ends the run while nothing is changed, and a resume fetches just what is missing',
  async (_, command, times, message) => {
    const lab = await labUp({ controlPlanes: 1, workers: 2 });
    const state = folder();
    lab.fault('worker-2', command, 'exit:100', times);
    const failed = await upgrade(lab, state);
    expect(failed.code).toBe(1);
    expect(failed.all).toMatch(/worker-2.*prefetch/);
    expect(failed.all).toMatch(message);
    expect((await lab.nodes()).flatMap(changes)).toEqual([]);
    expect((await lab.node('worker-2')).repoMinor).toBe('1.31');

    const resumed = await runbook(['resume', '--state-dir', state, '--yes']);
    expect(resumed.code, resumed.all.slice(-2000)).toBe(0);
    expect(lines(await lab.node('worker-1'), DOWNLOAD)).toHaveLength(1);
    expect((await lab.node('worker-2')).kubeletRunning).toBe('1.32.9');
  },
);

test('what was fetched is installed with the repository gone, and without a prefetch that is refused', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 1 });
  const apply = (node: string, ...steps: readonly string[]) => {
    const dir = folder();
    const head = `apiVersion: runbook/v1\nkind: Runbook\nname: gone\nphases:\n  - name: All\n    nodes: ${node}\n    steps:\n`;
    writeFileSync(join(dir, 'gone.yaml'), head + steps.map((step) => `      - ${step}\n`).join(''));
    return runbook(['apply', join(dir, 'gone.yaml'), '-i', lab.inventory, '--yes', '--state-dir', dir]);
  };
  const ahead = "{ uses: prefetch, with: { version: '1.32.9', images: false } }";
  const source = "{ uses: package-repo, with: { version: '1.32.9' } }";
  const cut = '{ run: echo 0.0.0.0 pkgs.k8s.io >>/etc/hosts }';
  const install = "{ uses: install-packages, with: { packages: [kubeadm], version: '1.32.9' } }";

  const installed = await apply('cp-1', ahead, source, cut, install);
  expect(installed.code, installed.all.slice(-2000)).toBe(0);
  expect((await lab.node('cp-1')).packages['kubeadm']).toBe('1.32.9');

  expect((await apply('worker-1', source, cut)).code).toBe(0);
  const refused = await apply('worker-1', install);
  expect(refused.code).toBe(3);
  expect(refused.all).toContain('cannot be read from worker-1');
});
