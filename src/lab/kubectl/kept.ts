import type { Cluster } from '../cluster.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { type ApiObject, mirrorIsReady, mirrorPodObject } from './objects.ts';
import { podListOf } from './pod-list.ts';

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
}

interface KnownMirror {
  /** All that it is made of, one value after another. */
  readonly state: readonly unknown[];
  readonly object: ApiObject;
}

const known = new WeakMap<StaticPod, KnownMirror>();

interface AllPods {
  readonly own: readonly ApiObject[];
  readonly mirrors: readonly ApiObject[];
  readonly all: readonly ApiObject[];
}

const allPods = new WeakMap<Cluster, AllPods>();

/** All pods of a cluster, mirrors last, after a tick. The same list as long as nothing of it changes. */
export function keptPods(cluster: Cluster): readonly ApiObject[] {
  const before = allPods.get(cluster);
  const own = podListOf(cluster).all;
  const mirrors = cluster.withStaticPods().flatMap((machine) => mirrorsOn(cluster, machine));
  if (before?.own === own && isSame(mirrors, before.mirrors)) return before.all;
  const all = [...own, ...mirrors];
  allPods.set(cluster, { own, mirrors, all });
  return all;
}

/** Those of a namespace, and the mirrors of all machines. */
export function keptPodsIn(cluster: Cluster, namespace: string): readonly ApiObject[] {
  const mirrors = cluster.withStaticPods().flatMap((machine) => mirrorsOn(cluster, machine));
  return [...podListOf(cluster).of(cluster.pods.in(namespace)), ...mirrors];
}

/** The mirrors of the static pods of one machine. */
function mirrorsOn(cluster: Cluster, machine: Machine): ApiObject[] {
  return [...machine.staticPods].map(([component, pod]) => keptMirror(cluster, machine, component, pod));
}

/** The mirror of a static pod, the same object as long as nothing of it changes. */
export function keptMirror(cluster: Cluster, machine: Machine, component: string, pod: StaticPod): ApiObject {
  const { image, hash, startedAt, restarts, labels, shape } = pod;
  const { name, apiServerEndpoint } = machine;
  const ready = mirrorIsReady(cluster, machine, component, pod);
  const state = [name, component, ready, image, hash, startedAt, restarts, labels, shape, apiServerEndpoint];
  const before = known.get(pod);
  if (before && isSame(before.state, state)) return before.object;
  const object = mirrorPodObject(cluster, machine, component, pod);
  known.set(pod, { state, object });
  return object;
}
