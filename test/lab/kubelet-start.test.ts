import { describe, expect, it } from 'vitest';
import { actionNamed } from '../actions/cluster.ts';
import { bindStep } from '../../src/actions/bound-step.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { checkStep } from '../../src/guards/registry.ts';
import { fakeLab } from './rig.ts';

const config = '/var/lib/kubelet/config.yaml';
const swapOn = `printf '/dev/sda2 partition 2097148 0 -2\\n' >>/proc/swaps`;
const healthy = 'systemctl restart kubelet; curl -fsS http://127.0.0.1:10248/healthz';

async function worker(kubernetes = '1.31.9') {
  const setting = await fakeLab({ controlPlanes: 1, workers: 1, kubernetes });
  const run = (script: string) => setting.run('worker-1', script);
  return { ...setting, on: run, starts: async () => (await run(healthy)).stdout === 'ok' };
}

describe('a kubelet of the lab', () => {
  it.each([
    [
      'a flag that its release removed',
      '1.31.9',
      "echo 'KUBELET_EXTRA_ARGS=--keep-terminated-pod-volumes=true' >/etc/default/kubelet",
    ],
    ['a feature gate by flag', '1.32.9', "echo 'KUBELET_EXTRA_ARGS=--feature-gates=KMSv2=true' >/etc/default/kubelet"],
    ['a feature gate in its file', '1.33.4', `printf 'featureGates:\\n  AppArmor: true\\n' >>${config}`],
    ['a file that is no YAML', '1.31.9', `echo '[' >${config}`],
    ['swap', '1.31.9', swapOn],
    ['cgroup v1', '1.35.1', 'rm /sys/fs/cgroup/cgroup.controllers'],
  ])('does not start with %s', async (_, version, script) => {
    const { on, starts } = await worker(version);
    expect(await starts()).toBe(true);
    await on(script);
    expect(await starts()).toBe(false);
  });

  it.each([
    ['cgroup v1 before 1.35', '1.34.3', 'rm /sys/fs/cgroup/cgroup.controllers'],
    ['swap that its file allows', '1.31.9', `${swapOn}; echo 'failSwapOn: false' >>${config}`],
    [
      'swap that a drop-in allows',
      '1.31.9',
      `${swapOn}; mkdir -p /etc/k; echo 'failSwapOn: false' >/etc/k/10.conf; echo 'KUBELET_EXTRA_ARGS=--config-dir=/etc/k' >/etc/default/kubelet`,
    ],
  ])('starts with %s', async (_, version, script) => {
    const { on, starts } = await worker(version);
    await on(script);
    expect(await starts()).toBe(true);
  });
});

describe('a kubelet that dies after kubeadm wrote its file', () => {
  async function judged({ run, on }: Awaited<ReturnType<typeof worker>>) {
    const options = { kubeconfig: '/etc/kubernetes/admin.conf' };
    const machine = await readNodeFacts(on, ['kernel', 'kubeletSetup', 'machine', 'kubelet'], options);
    const cluster = await readClusterFacts((script) => run('cp-1', script), ['nodes', 'kubeletConfig'], options);
    const facts = { nodes: { 'worker-1': machine }, cluster };
    const node = { name: 'worker-1', role: 'worker' as const, host: '' };
    const step = bindStep('1.1', node, actionNamed('restart-kubelet'), { version: '1.32.9' });
    return checkStep({ nodes: [node], before: facts, after: facts, step }, ['swap', 'removed-flags']);
  }

  it('was foreseen, and does die', async () => {
    const setting = await worker();
    const { on, starts } = setting;
    await on(`${swapOn}; echo 'failSwapOn: false' >>${config}`);
    expect(await starts()).toBe(true);
    expect(await judged(setting)).toMatchObject([{ guard: 'swap', severity: 'refuse' }]);
    expect((await on('kubeadm upgrade node')).code).toBe(0);
    expect(await starts()).toBe(false);
  });

  it('is neither refused nor dead where a drop-in allows swap', async () => {
    const setting = await worker();
    const { on, starts } = setting;
    await on(
      `${swapOn}; mkdir -p /etc/k; echo 'failSwapOn: false' >/etc/k/10.conf; echo 'KUBELET_EXTRA_ARGS=--config-dir=/etc/k' >/etc/default/kubelet`,
    );
    expect(await judged(setting)).toEqual([]);
    expect((await on('kubeadm upgrade node')).code).toBe(0);
    expect(await starts()).toBe(true);
  });
});

it('kubeadm 1.35 alone takes --pod-infra-container-image out, which 1.35 and later ones do not write', async () => {
  const flag = 'grep -c pod-infra /var/lib/kubelet/kubeadm-flags.env';
  for (const [version, before, after] of [
    ['1.34.3', '1', '1'],
    ['1.35.1', '1', '0'],
    ['1.36.4', '1', '1'],
  ] as const) {
    const { on } = await worker(version);
    await on(`sed -i 's/"$/ --pod-infra-container-image=p"/' /var/lib/kubelet/kubeadm-flags.env`);
    expect((await on(flag)).stdout.trim()).toBe(before);
    await on('kubeadm upgrade node');
    expect((await on(flag)).stdout.trim()).toBe(after);
  }
});
