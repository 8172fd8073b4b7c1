import { expect, it } from 'vitest';
import type { Facts } from '../../src/facts/facts.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { bindStep } from '../../src/actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../../src/actions/kubeadm-upgrade-apply.ts';
import { checkStep } from '../../src/guards/registry.ts';
import { giveConfigFile, plantProblem } from '../../src/lab/problems.ts';
import { fakeLab } from './rig.ts';

type Opened = Awaited<ReturnType<typeof fakeLab>>;

const options = { kubeconfig: '/etc/kubernetes/admin.conf' };

/** What the guard says of an upgrade of cp-1 to the release. */
async function judged({ run, lab }: Opened, version: string): Promise<string[]> {
  const ids = ['configFiles', 'manifests', 'binaries', 'machine', 'kubelet'] as const;
  const facts: Facts = {
    nodes: { 'cp-1': await readNodeFacts((script) => run('cp-1', script), ids, options) },
    cluster: await readClusterFacts((script) => run('cp-1', script), ['nodes', 'kubeadmConfig'], options),
  };
  const nodes = lab.world.machines.map(({ name, role, ip }) => ({ name, role, host: ip }));
  const [node] = nodes;
  if (!node) throw new Error('no cp-1');
  const step = bindStep('s', node, kubeadmUpgradeApply, { version });
  return checkStep({ nodes, before: facts, after: facts, step }, ['config-files']).map(
    ({ severity, summary }) => `${severity}: ${summary}`,
  );
}

/** kubeadm of the release on cp-1: whether it came to its end, and which scheduler and API server run then. */
async function upgrade({ run, lab }: Opened, version: string) {
  const [machine] = lab.world.machines;
  Object.assign(machine?.packages.get('kubeadm') ?? {}, { revision: `${version}-1.1` });
  const { code, stderr } = await run('cp-1', `kubeadm upgrade apply -y v${version}`);
  // The kubelet starts again what kubeadm moved back.
  await run('cp-1', 'until kubectl get --raw /readyz >/dev/null 2>&1; do sleep 1; done');
  const tagOf = (name: string) => machine?.staticPods.get(name)?.image.replace(/.*:v/, '');
  return { code, stderr, scheduler: tagOf('kube-scheduler'), server: tagOf('kube-apiserver') };
}

const encryption = (kms: string) => `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - kms: ${kms}
  - aescbc: { keys: [{ name: one, secret: c2VjcmV0 }] }
  - identity: {}
`;

it('a scheduler does not start with a configuration that its release does not read, as the guard says before', async () => {
  const opened = await fakeLab({ controlPlanes: 1, workers: 0, kubernetes: '1.28.15' });
  const text = 'apiVersion: kubescheduler.config.k8s.io/v1beta3\nkind: KubeSchedulerConfiguration\n';
  await giveConfigFile(opened.lab.world, 'kube-scheduler', 'config', text);
  expect(await judged(opened, '1.28.15')).toEqual([]);
  expect(await judged(opened, '1.29.15')).toEqual([
    'refuse: kube-scheduler does not start with /etc/kubernetes/kube-scheduler-config.yaml (--config) from 1.29 on: kubescheduler.config.k8s.io/v1beta3 is gone',
  ]);
  expect(await upgrade(opened, '1.29.15')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('timed out waiting for the condition'),
    scheduler: '1.28.15',
  });
  await giveConfigFile(opened.lab.world, 'kube-scheduler', 'config', text.replace('v1beta3', 'v1'));
  expect(await judged(opened, '1.29.15')).toEqual([]);
  expect(await upgrade(opened, '1.29.15')).toMatchObject({ code: 0, scheduler: '1.29.15' });
});

it('an API server does not start with KMS v1, unless a gate says so; no key of it is read', async () => {
  const opened = await fakeLab({ controlPlanes: 1, workers: 0, kubernetes: '1.28.15' });
  const { extras } = opened.lab.world.cluster;
  const give = (kms: string) =>
    giveConfigFile(opened.lab.world, 'kube-apiserver', 'encryption-provider-config', encryption(kms));
  await give('{ name: vault, endpoint: unix:///run/kms.sock }');
  expect(await judged(opened, '1.29.15')).toEqual([
    expect.stringMatching(/^refuse: .*its KMS provider is of version v1/),
  ]);
  expect(await upgrade(opened, '1.29.15')).toMatchObject({ code: 1, server: '1.28.15' });
  const { stdout } = await opened.run('cp-1', 'cat /etc/kubernetes/kube-apiserver-encryption-provider-config.yaml');
  expect(stdout).toContain('c2VjcmV0');
  const fact = await readNodeFacts((script) => opened.run('cp-1', script), ['configFiles'], options);
  expect(JSON.stringify(fact)).not.toMatch(/c2VjcmV0|vault|kms\.sock/);

  const args = { ...extras.extraArgs['kube-apiserver'] };
  extras.extraArgs['kube-apiserver'] = { ...args, 'feature-gates': 'KMSv1=true' };
  expect(await judged(opened, '1.29.15')).toEqual([]);
  extras.extraArgs['kube-apiserver'] = args;
  await give('{ apiVersion: v2, name: vault, endpoint: unix:///run/kms.sock }');
  expect(await judged(opened, '1.29.15')).toEqual([]);
  expect(await upgrade(opened, '1.29.15')).toMatchObject({ code: 0, server: '1.29.15' });
});

it('what is embedded in an admission configuration counts, and a flag that kubeadm takes out is a warning', async () => {
  const opened = await fakeLab({ controlPlanes: 1, workers: 0, kubernetes: '1.35.1' });
  await plantProblem(opened.lab.world, 'old-config-file');
  const told = 'apiserver.config.k8s.io/v1alpha1 WebhookAdmission is gone';
  expect(await judged(opened, '1.36.4')).toEqual([expect.stringMatching(new RegExp(`^refuse: .*${told}$`))]);
  expect(await upgrade(opened, '1.36.4')).toMatchObject({ code: 1, server: '1.35.1' });
  opened.lab.world.cluster.extras.extraArgs = {};
  expect(await judged(opened, '1.36.4')).toEqual([expect.stringMatching(new RegExp(`^warn: .*${told}$`))]);
});

it('kubeadm leaves a pinned etcd as it is', async () => {
  const opened = await fakeLab({ controlPlanes: 1, workers: 0, kubernetes: '1.28.15' });
  const { cluster, machines } = opened.lab.world;
  cluster.extras.etcdTag = '3.5.15-0';
  expect(await upgrade(opened, '1.29.15')).toMatchObject({ code: 0 });
  expect(machines[0]?.staticPods.get('etcd')?.image).toBe('registry.k8s.io/etcd:3.5.15-0');
});
