import type { Amounts, Facts, LabelSelector, NodeObject, NodeTerm, PodFact, Toleration } from './facts.ts';
import { amountText, sumOf } from './quantity.ts';

/** A pod for which the other nodes have no place, and why. */
export interface Unplaced {
  readonly pod: PodFact;
  readonly why: string;
}

/**
 * Those of a node's pods for which the other nodes have no place: Ready and schedulable ones whose labels and taints suit, with room for
 * the pod's requests beside those of the pods that are there now ("Assigning Pods to Nodes", "Taints and Tolerations"). The pods are put
 * one after the other, the largest first, where most is left: another order might find room, so it is a forecast and no proof. Not
 * judged: affinity between pods, topology spread, volumes, host ports, priorities. Undefined where the nodes do not say what they have.
 */
export function withoutPlace(facts: Facts, from: string, leaving: readonly PodFact[]): readonly Unplaced[] | undefined {
  const { nodes, pods } = facts.cluster ?? {};
  if (!nodes || !pods || nodes.every((node) => node.allocatable === undefined)) return undefined;
  const rooms = roomsOf(
    nodes.filter((node) => node.name !== from && !node.unschedulable && node.ready && node.allocatable),
    pods,
  );
  // Those that a drain before this one sent away live somewhere by then.
  for (const pod of bySize(pods.filter((one) => one.node === undefined && isAlive(one)))) place(pod, rooms);
  return bySize(leaving).flatMap((pod) => {
    const why = place(pod, rooms);
    return why === undefined ? [] : [{ pod, why }];
  });
}

interface Room {
  readonly node: NodeObject;
  left: Amounts;
}

function roomsOf(nodes: readonly NodeObject[], pods: readonly PodFact[]): Room[] {
  const onNode = new Map<string, Amounts[]>();
  for (const pod of pods) {
    if (pod.node === undefined || !isAlive(pod)) continue;
    const known = onNode.get(pod.node);
    if (known) known.push(wants(pod));
    else onNode.set(pod.node, [wants(pod)]);
  }
  return nodes.map((node) => ({ node, left: minus(node.allocatable ?? {}, sumOf(onNode.get(node.name) ?? [])) }));
}

/** Takes the room that the pod will have. @returns why there is none */
function place(pod: PodFact, rooms: readonly Room[]): string | undefined {
  const open = rooms.filter(({ node }) => suits(node, pod));
  if (rooms.length === 0) return 'no other node is Ready and schedulable';
  if (open.length === 0) return 'its nodeSelector, affinity and tolerations suit none of the other schedulable nodes';
  const asked = wants(pod);
  const byRoom = open.toSorted((a, b) => times(b.left, asked) - times(a.left, asked));
  const [best] = byRoom;
  if (best && fits(best.left, asked)) {
    best.left = minus(best.left, asked);
    return undefined;
  }
  const short = Object.keys(asked).filter((name) => (best?.left[name] ?? 0) < (asked[name] ?? 0));
  const text = (name: string, amounts: Amounts) => `${name} ${amountText(name, Math.max(0, amounts[name] ?? 0))}`;
  const wanted = short.map((name) => text(name, asked)).join(', ');
  const left = short.map((name) => text(name, best?.left ?? {})).join(', ');
  return `no suitable node has room for ${wanted}; ${best?.node.name ?? ''} has the most left, ${left}`;
}

function isAlive(pod: PodFact): boolean {
  return pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

function wants(pod: PodFact): Amounts {
  return { ...pod.requests, pods: 1 };
}

function fits(left: Amounts, asked: Amounts): boolean {
  return Object.entries(asked).every(([name, amount]) => amount === 0 || (left[name] ?? 0) >= amount);
}

/** How often it would fit, by what is scarcest. */
function times(left: Amounts, asked: Amounts): number {
  const each = Object.entries(asked).map(([name, amount]) => (amount === 0 ? Infinity : (left[name] ?? 0) / amount));
  return Math.min(...each);
}

function minus(from: Amounts, less: Amounts): Amounts {
  return Object.fromEntries(Object.entries(from).map(([name, amount]) => [name, amount - (less[name] ?? 0)]));
}

function bySize(pods: readonly PodFact[]): PodFact[] {
  const size = ({ requests = {} }: PodFact) => (requests['cpu'] ?? 0) / 1000 + (requests['memory'] ?? 0) / 2 ** 32;
  return pods.toSorted((a, b) => size(b) - size(a));
}

function suits(node: NodeObject, pod: PodFact): boolean {
  const selected = Object.entries(pod.nodeSelector ?? {}).every(([key, value]) => node.labels[key] === value);
  const likes = pod.nodeAffinity === undefined || pod.nodeAffinity.some((term) => holds(term, node));
  return selected && likes && node.taints.every((taint) => tolerates(pod.tolerations ?? [], taint));
}

/** A cordon's own taint is told by `unschedulable`. */
function tolerates(tolerations: readonly Toleration[], taint: NodeObject['taints'][number]): boolean {
  if (taint.effect === 'PreferNoSchedule' || taint.key === 'node.kubernetes.io/unschedulable') return true;
  return tolerations.some(({ key = '', operator = 'Equal', value = '', effect = '' }) => {
    if (effect !== '' && effect !== taint.effect) return false;
    if (operator === 'Exists') return key === '' || key === taint.key;
    return key === taint.key && value === (taint.value ?? '');
  });
}

/** An empty term selects no node. */
function holds({ matchExpressions, names }: NodeTerm, node: NodeObject): boolean {
  if (matchExpressions.length === 0 && names === undefined) return false;
  const named = names?.includes(node.name) ?? true;
  return named && matchExpressions.every((one) => expressionHolds(one, node.labels[one.key]));
}

function expressionHolds(
  { operator, values }: LabelSelector['matchExpressions'][number],
  label: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'Gt':
      return Number(label) > Number(values[0]);
    case 'Lt':
      return Number(label) < Number(values[0]);
    default:
      return true;
  }
}
