import { createHash } from 'node:crypto';
import type { Machine, World } from 'runbook-lab';
import type { ProbeResult } from '../remote/attempt.ts';
import type { SimulatedTime } from './ground.ts';
import type { LabPackage } from './lab-package.ts';

interface Known {
  readonly result: ProbeResult;
  /** Milliseconds of fake time. */
  readonly duration: number;
}

/** What the lab tells of a machine: all that lies on it, and what the API shows of its node. */
type Looks = Pick<LabPackage, 'keepFiles' | 'leaseRenewedAt' | 'nodeCondition'>;

const MOST = 3000;
const MARKER = /(?:fact-|ask\.)[0-9a-f-]{36}/g;
/** What asks about the cluster: through kubectl, or a kubeadm that is not installed. */
const ASKS = /\bkubectl\b|^ask /m;

/**
 * What reading scripts answered, by script and by all that they can see: the simulated shell is slow, and most of
 * what it does in an upgrade is to read the same facts again. It answers only for a cluster in exactly the same
 * state.
 */
export class Memo {
  readonly #known = new Map<string, Known>();
  readonly #lab: Looks;

  constructor(lab: Looks) {
    this.#lab = lab;
  }

  /**
   * What a script answers on a machine, as it answered before where that is known; it takes as long then.
   * @param recall false: it is asked again, and its answer kept
   */
  async answer(
    { time, world }: { readonly time: SimulatedTime; readonly world: World },
    machine: Machine,
    script: string,
    ask: () => Promise<ProbeResult>,
    recall = true,
  ): Promise<ProbeResult> {
    const began = time.now();
    const key = await this.#key(world, machine, script);
    const known = recall ? this.#find(key, script) : undefined;
    if (known) {
      await time.sleep(known.duration);
      return known.result;
    }
    const result = await ask();
    if (machine.up && !/ annotate /.test(script)) this.#add(key, result, time.now() - began);
    return result;
  }

  async #key(world: World, machine: Machine, script: string): Promise<string> {
    const hash = createHash('sha256').update(script.replaceAll(MARKER, 'MARKER')).update(machine.name);
    for (const [path, { mode, content }] of await this.#lab.keepFiles(machine)) {
      hash.update(`${path} ${mode}\n`);
      if (content) hash.update(content);
    }
    hash.update(JSON.stringify([ofMachine(machine), ASKS.test(script) ? ofCluster(world, this.#lab) : ''], plain));
    return hash.digest('hex');
  }

  #find(key: string, script: string): Known | undefined {
    const known = this.#known.get(key);
    if (!known) return undefined;
    const marker = MARKER.exec(script)?.[0] ?? '';
    MARKER.lastIndex = 0;
    const { code, stdout, stderr } = known.result;
    const result = { code, stdout: stdout.replaceAll('MARKER', marker), stderr: stderr.replaceAll('MARKER', marker) };
    return { result, duration: known.duration };
  }

  #add(key: string, { code, stdout, stderr }: ProbeResult, duration: number): void {
    if (this.#known.size >= MOST) this.#known.clear();
    const result = { code, stdout: stdout.replaceAll(MARKER, 'MARKER'), stderr: stderr.replaceAll(MARKER, 'MARKER') };
    this.#known.set(key, { result, duration });
  }
}

function ofMachine(machine: Machine): unknown {
  const { packages, aptLists, staticPods, pulledImages, kubelet, bootedAt, binaryChangedAt, dpkgLocked } = machine;
  const ready = machine.apiServerReady();
  const maps = [[...packages], [...aptLists.keys()], [...staticPods], [...pulledImages]];
  return [maps, kubelet, bootedAt, binaryChangedAt, dpkgLocked, ready, machine.etcd];
}

/** Ids of members of etcd have 64 bits. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** When a pod was made is left out: nothing asks for it. */
function ofCluster({ cluster, machines }: World, { leaseRenewedAt, nodeCondition }: Looks): unknown {
  cluster.tick();
  const pods = cluster.pods.all.map((pod) => [
    pod.namespace,
    pod.name,
    pod.node,
    pod.image,
    pod.deletedAt !== undefined,
    cluster.isReady(pod),
    pod.restarts,
  ]);
  const nodes = machines.map((machine) => [
    ofMachine(machine),
    machine.up,
    nodeCondition(cluster, machine),
    leaseRenewedAt(machine, cluster.clock),
  ]);
  const { version, kubeProxyVersion, coreDnsVersion } = cluster;
  const images = cluster.workloads.map((workload) => workload.image);
  return [pods, nodes, [...cluster.nodes.values()], cluster.budgets, images, version, kubeProxyVersion, coreDnsVersion];
}
