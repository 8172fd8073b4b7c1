import { describe, expect, it } from 'vitest';
import { actionNamed } from '../actions/cluster.ts';
import { bindStep } from '../../src/actions/bound-step.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { isClusterFact, isNodeFact } from '../../src/facts/lib/kinds.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import type { Finding } from '../../src/guards/guard.ts';
import { checkRun, checkStep, guards } from '../../src/guards/registry.ts';
import { machineProblems, type MachineProblem } from '../../src/lab/machine-problems.ts';
import { fakeLab } from './rig.ts';

const ids = [
  'disk-room',
  'package-state',
  'repositories',
  'repository-key',
  'old-drop-in',
  'removed-flags',
  'cgroup-v1',
  'container-runtime',
  'swap',
  'clock-skew',
  'kubelet-server',
];
const factIds = [...new Set(ids.flatMap((id) => guards.get(id)?.facts ?? []))];

type Lab = Awaited<ReturnType<typeof fakeLab>>;

async function factsOf({ lab, clock, run }: Lab): Promise<Facts> {
  const options = { kubeconfig: '/etc/kubernetes/admin.conf', now: () => clock.now() };
  const nodeIds = factIds.filter((id) => isNodeFact(id));
  const found: Record<string, NodeFacts> = {};
  for (const { name } of lab.world.machines)
    found[name] = await readNodeFacts((script) => run(name, script), nodeIds, options);
  const cluster = await readClusterFacts(
    (script) => run('cp-1', script),
    factIds.filter((id) => isClusterFact(id)),
    options,
  );
  return { nodes: found, cluster };
}

function guardNodes({ lab }: Lab) {
  return lab.world.machines.map(({ name, role, ip }) => ({ name, role, host: ip }));
}

async function findings(
  setting: Lab,
  step?: { readonly action: string; readonly with: object },
): Promise<readonly Finding[]> {
  const facts = await factsOf(setting);
  const nodes = guardNodes(setting);
  if (!step) return checkRun({ nodes, before: facts, after: facts }, ids);
  const node = nodes.find(({ name }) => name === 'worker-1') ?? { name: '', role: 'worker' as const, host: '' };
  return checkStep(
    { nodes, before: facts, after: facts, step: bindStep('1.1', node, actionNamed(step.action), step.with) },
    ids,
  );
}

function optionsOf(action: string, version: string) {
  return action === 'install-packages' ? { version, packages: ['kubelet'] } : { version };
}

describe('what is wrong with a machine of the lab', () => {
  it('is nothing on a healthy one', async () => {
    const setting = await fakeLab({ controlPlanes: 3, workers: 2 });
    expect(await findings(setting)).toEqual([]);
    for (const action of ['install-packages', 'kubeadm-upgrade-node', 'restart-kubelet'])
      expect(await findings(setting, { action, with: optionsOf(action, '1.32.9') })).toEqual([]);
  });

  const rows: readonly (readonly [MachineProblem, string, Finding['severity'], string])[] = [
    ['full-disk', 'disk-room', 'refuse', '150 MiB of 39.2 GiB are free on /'],
    ['swap', 'swap', 'warn', '/dev/sda2, 2 GiB'],
    ['clock-skew', 'clock-skew', 'warn', 'the clock of worker-1 is at least 60 s ahead of'],
    ['cgroup-v1', 'cgroup-v1', 'warn', 'maintenance mode'],
    ['two-runtimes', 'container-runtime', 'warn', '/run/crio/crio.sock'],
    ['expired-key', 'repository-key', 'warn', 'ended on 2025-12-31'],
    ['duplicate-repository', 'repositories', 'warn', '2 Kubernetes package sources are enabled'],
    ['legacy-repository', 'repositories', 'warn', 'https://apt.kubernetes.io/'],
    ['removed-flag', 'removed-flags', 'warn', '--keep-terminated-pod-volumes (/etc/default/kubelet) from 1.31 on'],
    ['old-drop-in', 'old-drop-in', 'warn', '/etc/systemd/system/kubelet.service.d/10-kubeadm.conf'],
    ['broken-package', 'package-state', 'warn', 'half installed: kubelet'],
    ['package-lock', 'package-state', 'warn', '/usr/bin/unattended-upgrade) works with packages now'],
  ];
  it.each(rows)('%s is told by %s', async (problem, guard, severity, part) => {
    const setting = await fakeLab({ controlPlanes: 1, workers: 2 });
    const machine = setting.lab.world.machines.find(({ name }) => name === 'worker-1');
    if (machine) await machineProblems[problem](machine);
    const found = await findings(setting);
    expect(found[0]).toMatchObject({ guard, severity, node: 'worker-1' });
    expect(found[0]?.summary).toContain(part);
    expect(new Set(found.map((one) => one.guard))).toEqual(new Set([guard]));
  });

  it.each([
    ['swap', 'restart-kubelet', '1.32.9', 'swap is on'],
    ['removed-flag', 'restart-kubelet', '1.32.9', 'CloudDualStackNodeIPs'],
    ['expired-key', 'install-packages', '1.32.9', 'ended on'],
    ['cgroup-v1', 'kubeadm-upgrade-node', '1.35.0', 'does not start there'],
    ['old-containerd', 'restart-kubelet', '1.32.9', 'containerd 1.5.9'],
  ] as const)('%s stops the step %s to %s', async (problem, action, version, part) => {
    const setting = await fakeLab({ controlPlanes: 1, workers: 2 });
    const machine = setting.lab.world.machines.find(({ name }) => name === 'worker-1');
    if (machine) await machineProblems[problem](machine);
    const refusals = (await findings(setting, { action, with: optionsOf(action, version) })).filter(
      (one) => one.severity === 'refuse',
    );
    expect(refusals.map((one) => one.summary).join('\n')).toContain(part);
  });
});
