import { hexOf, uuidOf } from './identity.ts';
import type { Machine } from './machine.ts';

/** How long the kubelet takes to restart a container, and then the container until it serves. */
const restart = 1000;

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** The process of a static pod, from one start to the next. Undefined: it does not run now. */
export function componentPid(machine: Machine, name: string): number | undefined {
  if (name === 'etcd' && machine.etcd.unit)
    return machine.up && machine.etcd.unit.active ? machine.etcd.unit.pid : undefined;
  const pod = machine.staticPods.get(name);
  if (!machine.up || !pod || pod.startedAt > machine.clock.now()) return undefined;
  const place = components.indexOf(name);
  return 100_000 + place * 1000 + (pod.restarts % 1000);
}

/** A process of that name in the container of a pod that has nothing to do with the cluster's own. */
export const TENANT_PID = 90_001;

/** All processes of a name on the machine, the newest first. */
export function pidsOf(machine: Machine, name: string): number[] {
  const own = componentPid(machine, name);
  const tenants = machine.up && machine.tenants.has(name) ? [TENANT_PID] : [];
  return [...tenants, ...(own === undefined ? [] : [own])];
}

/** /proc/PID/cgroup, as the kubelet's systemd driver names the groups of pods; undefined: no such process. */
export function cgroupOf(machine: Machine, pid: number): string | undefined {
  const pod = (uid: string) =>
    `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid}.slice/cri-containerd-${hexOf(uid, 64)}.scope\n`;
  if (pid === TENANT_PID) return machine.tenants.size > 0 ? pod(uuidOf('tenant').replaceAll('-', '_')) : undefined;
  if (pid === machine.etcd.unit?.pid) return '0::/system.slice/etcd.service\n';
  const own = [...machine.staticPods].find(([name]) => componentPid(machine, name) === pid)?.[1];
  return own && pod(own.hash);
}

/** Ends the process of a static pod; the kubelet restarts it. False: there is no such process. */
export function endComponent(machine: Machine, pid: number): boolean {
  if (pid === TENANT_PID && machine.tenants.size > 0) {
    machine.tenants.clear();
    return true;
  }
  const name = [...machine.staticPods.keys()].find((one) => componentPid(machine, one) === pid);
  const pod = name === undefined ? undefined : machine.staticPods.get(name);
  if (!pod) return false;
  pod.restarts += 1;
  pod.startedAt = machine.clock.now() + restart / machine.clock.scale;
  pod.readyAt = pod.startedAt + restart / machine.clock.scale;
  return true;
}
