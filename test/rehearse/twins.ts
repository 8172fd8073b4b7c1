import type { Facts } from '../../src/facts/facts.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import type { ClusterFactId, NodeFactId } from '../../src/facts/facts.ts';
import { clusterFacts, nodeFacts } from '../../src/facts/registry.ts';
import { FastTime } from '../../src/lab/fast-time.ts';
import { runScript } from '../../src/lab/run-script.ts';
import { createTwin } from '../../src/lab/twin/twin.ts';
import { machineNamed, type World } from '../../src/lab/world.ts';
import { type Comparison, compareFacts, differenceText } from '../../src/rehearse/compare.ts';

export const minors = ['1.31', '1.32'];
const kubeconfig = '/etc/kubernetes/admin.conf';
const nodeIds = Object.keys(nodeFacts) as NodeFactId[];
const clusterIds = Object.keys(clusterFacts) as ClusterFactId[];

export interface SourceNode {
  readonly name: string;
  readonly host: string;
  readonly role: 'control-plane' | 'worker' | 'other';
}

/** As much of a facts file as a twin reads. */
export interface SourceDocument {
  readonly readAt: string;
  readonly inventory: { readonly cluster: string; readonly nodes: readonly SourceNode[] };
  readonly facts: Facts;
}

/** Fake time for a world. */
export function timeOf(begin = Date.UTC(2026, 0, 1)): FastTime {
  const time = new FastTime();
  time.jumpTo(begin);
  return time;
}

/** All facts of a simulated cluster, as the program reads them. */
export async function factsOf(
  world: World,
  time: FastTime,
  nodes: readonly SourceNode[],
  asked: readonly string[] = minors,
): Promise<Facts> {
  const found: Record<string, Facts['nodes'][string]> = {};
  for (const { name, role } of nodes) {
    const machine = machineNamed(world, name);
    if (!machine) throw new Error(`no node ${name}`);
    found[name] = await time.run(
      readNodeFacts((script) => runScript(machine, script), nodeIds, {
        host: name,
        kubeconfig,
        minors: asked,
        now: () => time.now(),
        ...(role === 'other' ? { asFarAsThere: true } : {}),
      }),
    );
  }
  const host = nodes.find(({ name, role }) => role === 'control-plane' && found[name]?.kubelet?.server !== undefined);
  const machine = machineNamed(world, host?.name ?? '');
  if (!host || !machine) throw new Error('no control plane');
  const cluster = await time.run(
    readClusterFacts((script) => runScript(machine, script), clusterIds, { host: host.name, kubeconfig }),
  );
  return asJson({ nodes: found, cluster });
}

/** A facts document of a simulated cluster. */
export async function documentOf(world: World, time: FastTime): Promise<SourceDocument> {
  const nodes = world.machines.map(({ alias, ip, role }) => ({ name: alias, host: ip, role }));
  const readAt = new Date(time.now()).toISOString();
  return { readAt, inventory: { cluster: 'lab', nodes }, facts: await factsOf(world, time, nodes) };
}

/** What the twin of a document does not have as the document says it, an hour later. */
export async function compareTwin(document: SourceDocument, asked = minors): Promise<Comparison> {
  const time = timeOf(Date.parse(document.readAt) + 3_600_000);
  const twin = await createTwin(document, { clock: time });
  return compareFacts(document.facts, await factsOf(twin, time, document.inventory.nodes, asked));
}

/** For messages of a test. */
export function textsOf({ deciding, differs }: Comparison): string[] {
  return [...deciding.map((one) => `deciding: ${differenceText(one)}`), ...differs.map(differenceText)];
}

/** As a file keeps it. */
export function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
