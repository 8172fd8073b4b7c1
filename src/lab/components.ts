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

/** Ends the process of a static pod; the kubelet restarts it. False: there is no such process. */
export function endComponent(machine: Machine, pid: number): boolean {
  const name = [...machine.staticPods.keys()].find((one) => componentPid(machine, one) === pid);
  const pod = name === undefined ? undefined : machine.staticPods.get(name);
  if (!pod) return false;
  pod.restarts += 1;
  pod.startedAt = machine.clock.now() + restart / machine.clock.scale;
  pod.readyAt = pod.startedAt + restart / machine.clock.scale;
  return true;
}
