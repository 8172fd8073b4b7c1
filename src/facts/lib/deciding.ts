import type { Facts, NodeFacts } from '../facts.ts';
import { versionsOf } from './versions.ts';

/**
 * What a saved plan depends on: versions, packages, repositories, cordons, membership. Not where pods run, readiness,
 * times, or anything that moves by itself. Plain data for hashing; canonical JSON leaves out undefined members.
 */
export function decidingFacts(facts: Facts): Readonly<Record<string, unknown>> {
  const { cluster } = facts;
  return {
    nodes: Object.fromEntries(Object.entries(facts.nodes).map(([name, node]) => [name, decidingNodeFacts(node)])),
    ...(cluster ? { cluster: { members: membersOf(cluster.nodes), versions: versionsOf(facts) } } : {}),
  };
}

function decidingNodeFacts({ machine, packages, repository, binaries, staticPods, kubelet }: NodeFacts) {
  return {
    machineId: machine?.machineId,
    packages: packages?.installed,
    held: packages?.held,
    repository: repository?.sources
      .map(({ file, url, enabled }) => ({ file, url, enabled }))
      .toSorted((a, b) => `${a.file} ${a.url}`.localeCompare(`${b.file} ${b.url}`)),
    binaries,
    staticPods: staticPods?.components,
    kubeletServer: kubelet?.server,
  };
}

function membersOf(nodes: NonNullable<Facts['cluster']>['nodes']) {
  return Object.fromEntries(
    (nodes ?? []).map(({ name, machineId, controlPlane, unschedulable }) => [
      name,
      { machineId, controlPlane, unschedulable },
    ]),
  );
}
