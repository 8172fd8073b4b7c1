import { expect, test } from 'vitest';
import { readState } from '../../src/lab/state.ts';
import { SimulatedCluster } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { inventoryOf, needs, plan, readDocuments, type Scenario } from './scenario.ts';
import { Watch } from './watch.ts';

/** What one worker gives up, the other takes. */
const SIZE = { controlPlanes: 3, workers: 2 };
const WAY: Scenario = {
  runbook: 'upgrade.yaml',
  sets: ['version=1.37.1', 'prefetch=false'],
  target: '1.37.1',
  minors: Array.from({ length: 10 }, (_, index) => `1.${28 + index}`),
};

test('1.28 to 1.37 in one apply: nine hops, no guard refuses, and the floors of etcd are reported', async () => {
  const cluster = await SimulatedCluster.create({ size: SIZE, kubernetes: '1.28.15' });
  const { time, world } = cluster;
  const documents = { ...(await readDocuments(WAY)), inventory: inventoryOf(SIZE) };
  const { minors } = needs(documents);
  const controller = new Controller({ ground: cluster, inventory: documents.inventory.value, minors, seams: {} });
  const made = await time.run(plan(documents, controller));
  expect(made.plan.way?.through).toEqual(
    '1.29.15 1.30.14 1.31.13 1.32.10 1.33.12 1.34.3 1.35.1 1.36.4 1.37.1'.split(' '),
  );
  const found = made.plan.findings.filter(({ guard }) => guard !== 'drain-forecast');
  expect(found.map(({ guard, severity, step, summary }) => `${severity} ${step ?? ''} ${guard}: ${summary}`)).toEqual([
    expect.stringMatching(/^note 3\.4-kubeadm-upgrade-apply network-plugin: /),
    expect.stringMatching(/^note 38\.4-.* etcd-floor: 1\.34\.3 brings .*3\.5\.32 or newer: cp-1 .*, cp-2 .*, cp-3 /),
    expect.stringMatching(/^warn 59\.4-.* etcd-floor: 1\.37\.1 brings .*below 3\.6\.11.*: cp-1 .*, cp-2 .*, cp-3 /),
  ]);

  const watch = new Watch(cluster, WAY.target);
  time.onTick = () => watch.look();
  const result = await time.run(controller.run(made.plan, 'run-1', new KeptJournal(() => time.now()), made.facts));
  expect(result).toMatchObject({ outcome: 'done' });
  expect([...watch.broken]).toEqual([]);
  const findings = controller.events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
  expect(findings.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  expect(findings.filter(({ guard }) => guard === 'etcd-floor').map(({ severity }) => severity)).toEqual([
    'note',
    'warn',
  ]);

  const state = await readState(world);
  expect(state.cluster).toMatchObject({ version: '1.37.1', kubeProxy: '1.37.1', coreDns: '1.14.6' });
  for (const { name, ...node } of state.nodes) {
    expect(node, name).toMatchObject({ ready: true, unschedulable: false, kubeletRunning: '1.37.1' });
    const flags = await cluster.machine(name).fs.readFile('/var/lib/kubelet/kubeadm-flags.env');
    expect(flags, name).not.toMatch(/--(container-runtime|pod-infra-container-image)=/);
    const pods = { 'kube-apiserver': '1.37.1', 'kube-controller-manager': '1.37.1', 'kube-scheduler': '1.37.1' };
    expect(node.staticPods, name).toEqual(node.role === 'control-plane' ? { ...pods, etcd: '3.7.0-0' } : {});
  }
  const ran = cluster.commands.filter(({ line }) => /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/.test(line));
  expect(ran.filter(({ exit }) => exit !== 0)).toEqual([]);
  expect(ran).toHaveLength(9 * world.machines.length);
}, 1_200_000);
