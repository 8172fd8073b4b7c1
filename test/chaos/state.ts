import { readState } from '../../src/lab/state.ts';
import { keepFiles } from '../../src/lab/snapshot.ts';
import type { World } from '../../src/lab/world.ts';

/**
 * kubeadm's backups are named after the time; boots and locks come and go; apt ignores the copies that a cut-off
 * script leaves.
 */
const passing = /^\/(etc\/kubernetes\/tmp|proc|run|tmp|var\/tmp)(\/|$)|\.save$/;

/** All that an upgrade is about, as comparable lines: what two runs that ended alike have alike. */
export async function settledState(world: World): Promise<string[]> {
  const { cluster, nodes } = await readState(world);
  const lines = [`cluster ${cluster.version}, kube-proxy ${cluster.kubeProxy}, CoreDNS ${cluster.coreDns}`];
  lines.push(`kubelet-config of ${world.cluster.extras.kubeletConfigOf ?? 'kubeadm init'}`);
  for (const workload of world.cluster.workloads) lines.push(`${workload.name} runs ${workload.image}`);
  for (const { name, annotations, held, kubeletRunning, packages, ready, repoMinor, staticPods, ...node } of nodes) {
    const machine = world.machines.find((one) => one.name === name);
    const object = world.cluster.nodes.get(name);
    if (!machine || !object) throw new Error(`no node ${name}`);
    const facts = { annotations, held, kubeletRunning, packages, ready, repoMinor, staticPods };
    const { labels, taints } = object;
    lines.push(`${name} ${JSON.stringify({ ...facts, unschedulable: node.unschedulable, labels, taints })}`);
    const states = [...machine.packages].map(([one, { revision, state }]) => `${one} ${revision} ${state}`);
    lines.push(`${name} packages ${states.toSorted().join(', ')}; lists ${[...machine.aptLists.keys()].join(' ')}`);
    for (const [path, file] of await keepFiles(machine)) {
      if (passing.test(path)) continue;
      lines.push(`${name} ${path} ${file.mode.toString(8)} ${Buffer.from(file.content ?? '').toString('base64')}`);
    }
  }
  return lines;
}

/** Lines that only one of two states has. */
export function unlike(expected: readonly string[], found: readonly string[]): string[] {
  const wanted = new Set(expected);
  const have = new Set(found);
  return [
    ...expected.filter((line) => !have.has(line)).map((line) => `missing: ${line}`),
    ...found.filter((line) => !wanted.has(line)).map((line) => `not in an undisturbed run: ${line}`),
  ];
}
