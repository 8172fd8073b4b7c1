import { expect, it } from 'vitest';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { checkRun } from '../../src/guards/registry.ts';
import { parseFaultEffect } from '../../src/lab/audit.ts';
import { fakeLab } from './rig.ts';

const options = { kubeconfig: '/etc/kubernetes/admin.conf', host: 'cp-1' };

it.each([
  ['killed', 'exit:137'],
  ['cut off by a power cut', 'reboot'],
])('a manifest that kubeadm moved away before it was %s is found, and put back as the message says', async (_, how) => {
  const { lab, run } = await fakeLab({ controlPlanes: 1, workers: 0, kubernetes: '1.31.9' });
  const [machine] = lab.world.machines;
  const effect = parseFaultEffect(how);
  if (!machine || !effect) throw new Error('no cp-1');
  Object.assign(machine.packages.get('kubeadm') ?? {}, { revision: '1.32.9-1.1' });
  machine.audit.faults.push({ on: /^kubeadm upgrade/, effect, times: 1, phase: 'swap' });
  const upgrade = () => run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
  expect((await upgrade()).code).not.toBe(0);
  await run('cp-1', 'while kubectl get --raw /version >/dev/null 2>&1; do sleep 1; done');

  const fact = () => readNodeFacts((script) => run('cp-1', script), ['staticPods'], options);
  const node = { name: 'cp-1', host: machine.ip, role: 'control-plane' } as const;
  const found = async () => {
    const facts = { nodes: { 'cp-1': await fact() } };
    return checkRun({ nodes: [node], before: facts, after: facts }, ['static-pod-files']);
  };
  const [finding, ...others] = await found();
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    severity: 'refuse',
    summary: expect.stringContaining('/etc/kubernetes/manifests/kube-apiserver.yaml is missing'),
  });
  const remedy = /`(cp -p [^`]*)`/.exec(finding?.remedy ?? '')?.[1] ?? '';
  // The only API server is down: nothing of the cluster can be read, and the reason is in what is said of it.
  await expect(readClusterFacts((script) => run('cp-1', script), ['nodes'], options)).rejects.toThrow(remedy);

  expect((await run('cp-1', remedy)).code).toBe(0);
  await run('cp-1', 'until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 1; done');
  expect(await found()).toEqual([]);
  expect(await upgrade()).toMatchObject({ code: 0 });
  expect(machine.staticPods.get('kube-apiserver')?.image).toContain(':v1.32.9');
});

it('a manifest that was moved away otherwise is not taken for one of these', async () => {
  const { run } = await fakeLab({ controlPlanes: 1, workers: 0, kubernetes: '1.31.9' });
  await run('cp-1', 'mkdir -p /etc/kubernetes/tmp/kubeadm-backup-manifests-2026-01-01-00-00-00');
  await run(
    'cp-1',
    'cp /etc/kubernetes/manifests/etcd.yaml /etc/kubernetes/tmp/kubeadm-backup-manifests-2026-01-01-00-00-00/; mv /etc/kubernetes/manifests/etcd.yaml /root/',
  );
  const { staticPods } = await readNodeFacts((script) => run('cp-1', script), ['staticPods'], options);
  expect(staticPods?.components).not.toHaveProperty('etcd');
  expect(staticPods).not.toHaveProperty('interrupted');
});
