import type { Machine } from '../../src/lab/machine.ts';
import { minorNumber, tagOf } from '../../src/lab/releases.ts';
import { controlPlanes } from '../../src/lab/world.ts';
import type { Command, SimulatedCluster } from './cluster.ts';

/**
 * Looks at the cluster between any two moments, and records every broken promise, even one broken only for a moment:
 * skew (version skew policy), one node at a time, and no kubelet changed on a node that pods may come to.
 */
export class Watch {
  readonly broken = new Set<string>();
  readonly #cluster: SimulatedCluster;
  readonly #target: string;
  readonly #kubelets: Map<string, string>;

  constructor(cluster: SimulatedCluster, target: string) {
    this.#cluster = cluster;
    this.#target = target;
    this.#kubelets = new Map(cluster.world.machines.map((machine) => [machine.name, machine.kubelet.version]));
  }

  look(): void {
    this.#serial();
    this.#skew();
    for (const machine of this.#cluster.world.machines) this.#kubeletChange(machine);
  }

  /** A node that is finished is not taken out of service again. */
  begun(command: Command): void {
    const [, node] = /^kubectl .*\bdrain (\S+)/.exec(command.line) ?? [];
    if (node === undefined) return;
    const machine = this.#cluster.machine(node);
    if (
      machine.kubelet.version === this.#target &&
      machine.installed('kubelet') === this.#target &&
      !this.#isCordoned(node)
    )
      this.broken.add(`${node} was finished and is drained again`);
  }

  #isCordoned(node: string): boolean {
    return this.#cluster.world.cluster.nodes.get(node)?.unschedulable === true;
  }

  #serial(): void {
    const out = this.#cluster.world.machines.filter((machine) => this.#isCordoned(machine.name));
    if (out.length > 1) this.broken.add(`out of service at once: ${out.map((machine) => machine.name).join(', ')}`);
  }

  #skew(): void {
    const { world } = this.#cluster;
    const servers = controlPlanes(world).map((machine) => minorIn(machine, 'kube-apiserver'));
    const [oldest, newest] = [Math.min(...servers), Math.max(...servers)];
    if (newest - oldest > 1) this.broken.add(`API servers of minors ${oldest} and ${newest}`);
    for (const machine of world.machines) {
      const kubelet = minorNumber(machine.kubelet.version);
      if (kubelet > oldest) this.broken.add(`${machine.name}: kubelet 1.${kubelet} beside an API server 1.${oldest}`);
      if (newest - kubelet > 3) this.broken.add(`${machine.name}: kubelet 1.${kubelet} is too old`);
      if (!machine.isControlPlane) continue;
      const own = minorIn(machine, 'kube-apiserver');
      for (const component of ['kube-controller-manager', 'kube-scheduler'])
        if (minorIn(machine, component) > own)
          this.broken.add(`${machine.name}: ${component} is newer than its API server`);
    }
  }

  #kubeletChange(machine: Machine): void {
    const { version } = machine.kubelet;
    const before = this.#kubelets.get(machine.name);
    if (version === before) return;
    this.#kubelets.set(machine.name, version);
    if (!this.#isCordoned(machine.name))
      this.broken.add(`the kubelet of ${machine.name} went from ${before} to ${version} while pods could come to it`);
  }
}

function minorIn(machine: Machine, component: string): number {
  return minorNumber(tagOf(machine.staticPods.get(component)?.image ?? ''));
}
