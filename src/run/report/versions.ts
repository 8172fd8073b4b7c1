import type { Facts } from '../../facts/facts.ts';
import type { PlanNode } from '../../plan/plan.ts';
import type { Versions } from '../../render/report-data.ts';

/** What runs on a node as far as the facts have it; undefined where they have nothing of it. */
export function versionsOf(facts: Facts | undefined, { name, object = name }: PlanNode): Versions | undefined {
  const { kubeadm, kubelet, kubectl } = facts?.nodes[name]?.binaries ?? {};
  const known = facts?.cluster?.nodes?.find((one) => one.name === object);
  const apiServer = facts?.cluster?.apiServers?.find((one) => one.node === object)?.version;
  const running = known?.kubeletVersion ?? kubelet;
  const versions: Versions = {
    ...(running !== undefined && { kubelet: running }),
    ...(kubeadm !== undefined && { kubeadm }),
    ...(kubectl !== undefined && { kubectl }),
    ...(apiServer !== undefined && { apiServer }),
    ...(known?.containerRuntime !== undefined && { runtime: known.containerRuntime }),
  };
  return Object.keys(versions).length > 0 ? versions : undefined;
}
