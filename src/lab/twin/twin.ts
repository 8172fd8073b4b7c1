import { writeFiles } from '../boot.ts';
import type { Clock } from '../clock.ts';
import { Cluster } from '../cluster.ts';
import { syncStaticPods } from '../etcd-process.ts';
import { type Distribution, Machine } from '../machine.ts';
import { LabShell, type ToolSet } from '../shell/shell.ts';
import { forgetCluster } from '../spare.ts';
import { tools } from '../tools/tools.ts';
import type { SourceInventory, World } from '../world.ts';
import { writeCertificates } from './certificates.ts';
import { writeCluster } from './cluster.ts';
import { readDocument, type TwinDocument } from './document.ts';
import { externalEndpoints, joinMembers, writeEtcd } from './etcd.ts';
import { writeKubelet } from './kubelet.ts';
import { writeManifests } from './manifests.ts';
import { writeNodes } from './nodes.ts';
import { writePackages } from './packages.ts';
import { type Place, placesOf } from './places.ts';
import { releasesIn } from './releases.ts';
import { writeServices } from './services.ts';
import { writeSources } from './sources.ts';
import { writeSystem } from './system.ts';
import { bootTime, type TwinTime } from './time.ts';
import { budgetsOf, contentOf, writeMirrors } from './workloads.ts';

export interface TwinOptions {
  readonly clock: Clock;
  /** In place of the lab's own simulated programs. */
  readonly programs?: ToolSet;
  /** Scripts run in the lab's own shell, which is faster than just-bash; true unless given. */
  readonly quick?: boolean;
  /** What the document is called in messages. */
  readonly file?: string;
}

/**
 * A simulated cluster that is what a facts document (`runbook facts`) says, as far as the lab has it: what was read of
 * the real one is what is read of this one. Machines have the names of the inventory ({@link Machine.alias}).
 * @throws LabFailure for what is no such document
 */
export async function createTwin(
  given: unknown,
  { clock, programs = tools, quick = true, file }: TwinOptions,
): Promise<World> {
  const document = readDocument(given, file);
  const { cluster: facts = {} } = document.facts;
  const time = timeOf(document, clock);
  const shell = new LabShell(await import('just-bash'), programs, { quick });
  const version = facts.kubeadmConfig?.kubernetesVersion ?? facts.nodes?.[0]?.kubeletVersion ?? defaultRelease;
  const endpoint = endpointOf(document);
  const endpoints = externalEndpoints(facts.etcd);
  const machines = new Map(
    placesOf(document).map((place) => [
      place,
      new Machine({
        name: place.name,
        role: place.role,
        ip: place.ip,
        identity: place.identity,
        apiEndpoint: hostPort(place.facts.kubelet?.server) ?? endpoint,
        version: place.object?.kubeletVersion ?? place.facts.binaries?.kubelet ?? version,
        distribution: distributionOf(place),
        clock,
        shell,
        ...(endpoints ? { etcdEndpoints: endpoints } : {}),
      }),
    ]),
  );
  const all = [...machines.values()];
  const names = new Set((facts.nodes ?? []).map(({ name }) => name));
  const { workloads, pods } = contentOf(facts, names, time);
  const cluster = new Cluster(clock, all, version, endpoint, { workloads: [], budgets: [], naked: [] });
  const world: World = { clock, machines: all, cluster, releases: releasesIn(document), source: sourceOf(document) };
  shell.attach(world);
  for (const [place, machine] of machines) await writeMachine(machine, place, time, version);
  writeNodes(cluster, machines);
  // One by one: as arguments of one call, a very long list overflows the stack.
  for (const workload of workloads) cluster.workloads.push(workload);
  cluster.budgets = budgetsOf(facts);
  cluster.pods.replace(pods);
  writeCluster(cluster, facts);
  writeMirrors(facts, time, (node) => cluster.machineOf(node));
  writeApiServers(cluster, facts);
  Object.assign(cluster.store, joinMembers(facts.etcd, machines));
  cluster.tick();
  // Only now: the first manifests are no news to the kubelets.
  for (const each of all) each.syncPods = () => syncStaticPods(each, world);
  return world;
}

const defaultRelease = '1.31.9';

function sourceOf({ inventory }: TwinDocument): SourceInventory {
  const vars = inventory.nodes.map(({ name, vars: own = {} }) => [name, own] as const);
  return { cluster: inventory.cluster ?? 'twin', groups: inventory.groups ?? {}, vars: new Map(vars) };
}

function timeOf({ readAt }: TwinDocument, clock: Clock): TwinTime {
  const now = clock.now();
  const then = Date.parse(readAt ?? '');
  return { now, shift: Number.isNaN(then) ? 0 : now - then };
}

function distributionOf({ facts: { os, packages } }: Place): Distribution {
  const manager = packages?.manager ?? os?.packageManager ?? 'apt';
  if (manager === 'zypper') return 'suse';
  return /^(dnf|yum)/.test(manager) ? 'rocky' : 'debian';
}

/** Where the API is for all: `10.0.0.10:6443`. */
function endpointOf({ facts }: TwinDocument): string {
  const named = facts.cluster?.kubeadmConfig?.controlPlaneEndpoint;
  const servers = Object.values(facts.nodes).flatMap(({ kubelet }) => hostPort(kubelet?.server) ?? []);
  return named ?? servers[0] ?? facts.cluster?.apiServers?.[0]?.endpoint ?? '198.18.255.1:6443';
}

function hostPort(server: string | undefined): string | undefined {
  return server?.replace(/^https?:\/\//, '').replace(/\/$/, '');
}

async function writeMachine(machine: Machine, place: Place, time: TwinTime, version: string): Promise<void> {
  const { facts, object } = place;
  await writeFiles(machine, version);
  // It is no node of the cluster (yet).
  if (!object && machine.role !== 'other' && place.listed) await forgetCluster(machine);
  await writePackages(machine, facts);
  await writeSources(machine, facts);
  machine.bootedAt = bootTime(time, facts.kubelet?.startedAt);
  await writeKubelet(machine, facts, time);
  await writeManifests(machine, facts);
  await writeCertificates(machine, facts);
  await writeEtcd(machine, place);
  await writeServices(machine, place, time);
  await writeSystem(machine, facts);
  const { deprecatedApis, staticPods } = facts;
  if (deprecatedApis) machine.deprecatedRequests = deprecatedApis;
  if (staticPods?.apiServerEndpoint !== undefined) machine.apiServerEndpoint = staticPods.apiServerEndpoint;
}

/** What each of them says itself counts, not what its manifest asks for. */
function writeApiServers(cluster: Cluster, { apiServers = [] }: NonNullable<TwinDocument['facts']['cluster']>): void {
  for (const { node, endpoint, version, ready } of apiServers) {
    const machine = cluster.machineOf(node);
    const pod = machine?.staticPods.get('kube-apiserver');
    if (!machine || !pod) continue;
    machine.apiServerEndpoint = endpoint;
    if (version !== undefined) pod.image = pod.image.replace(/:[^:/]*$/, `:v${version}`);
    if (!ready) pod.readyAt = Infinity;
  }
}
