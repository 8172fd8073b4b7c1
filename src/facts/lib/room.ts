import type { Amounts } from './quantity.ts';
import type { Facts } from '../facts.ts';
import type { NodeObject } from '../nodes.ts';
import type { NodeTerm, PodFact, Toleration } from '../pods.ts';
import { podsToDrain } from './drain.ts';
import { lately, once } from './once.ts';
import { podsByHome } from './pods-on.ts';
import { amountText, sumOf } from './quantity.ts';
import { matches } from './selector.ts';

/** A pod for which the other nodes have no place, and why. */
export interface Unplaced {
  readonly pod: PodFact;
  readonly why: string;
}

/**
 * The pods of a node that fit on no other Ready, schedulable node, by requests, labels and taints ("Assigning Pods to
 * Nodes", "Taints and Tolerations"). Places the largest pod first, where most room is left: a forecast, as another
 * order might find room. Ignores affinity between pods, topology spread, volumes, host ports and priorities.
 * Undefined if a node does not report what it has, such as one that has yet to join.
 */
export function withoutPlace(facts: Facts, from: string): readonly Unplaced[] | undefined {
  return forecasts(facts)(from);
}

const forecasts = lately((facts: Facts) => {
  const known = new Map<string, readonly Unplaced[] | undefined>();
  return (from: string) => {
    if (!known.has(from)) known.set(from, forecast(facts, from));
    return known.get(from);
  };
});

function forecast(facts: Facts, from: string): readonly Unplaced[] | undefined {
  const { nodes, pods } = facts.cluster ?? {};
  if (!nodes || !pods) return undefined;
  const byHome = podsByHome(pods);
  const rooms: Room[] = [];
  const places = new Set<string>();
  for (const node of nodes) {
    if (node.name === from || node.unschedulable || !node.ready) continue;
    if (node.allocatable === undefined) return undefined;
    rooms.push({ node, left: leftOn(node)(byHome.get(node.name) ?? none), isShared: true });
    places.add(node.name);
  }
  const homeless = [...byHome].flatMap(([home, group]) => (places.has(home) ? [] : group.filter(isWaiting)));
  settle(homeless, rooms);
  // What is being deleted has been replaced elsewhere.
  const moving = podsToDrain(facts, from)?.evictable.filter(({ deleting }) => !deleting);
  return bySize(moving ?? []).flatMap((pod) => {
    const why = place(pod, rooms);
    return why === undefined ? [] : [{ pod, why }];
  });
}

const none: readonly PodFact[] = [];

interface Room {
  readonly node: NodeObject;
  left: Record<string, number>;
  /** `left` serves other forecasts, too. */
  isShared: boolean;
}

/**
 * With these pods on the node: also those that an earlier drain took from it, as they filled no more room before than
 * they will elsewhere. A drain changes one node: what the others have left serves the next forecasts, too.
 */
const leftOn = once((node: NodeObject) =>
  once((pods: readonly PodFact[]) => {
    const left: Record<string, number> = { ...node.allocatable };
    const alive = pods.filter(isAlive);
    const taken = sumOf([{ pods: alive.length }, ...alive.map(({ requests = {} }) => requests)]);
    for (const name in taken) left[name] = (left[name] ?? 0) - (taken[name] ?? 0);
    return left;
  }),
);

/** No node has it yet. */
function isWaiting(pod: PodFact): boolean {
  return pod.node === undefined && isAlive(pod);
}

/** Places pods that wait for a node: fills one node after the other, the emptiest first. */
function settle(pods: readonly PodFact[], rooms: readonly Room[]): void {
  if (pods.length === 0) return;
  const order = rooms.toSorted((a, b) => (b.left['pods'] ?? 0) - (a.left['pods'] ?? 0));
  let at = 0;
  for (const pod of pods) {
    for (let tried = 0; tried < order.length; tried += 1) {
      const room = order[at];
      if (room && suits(room.node, pod) && fits(room.left, pod)) {
        take(room, pod);
        break;
      }
      at = (at + 1) % order.length;
    }
  }
}

function take(room: Room, pod: PodFact): void {
  if (room.isShared) Object.assign(room, { left: { ...room.left }, isShared: false });
  const { left } = room;
  left['pods'] = (left['pods'] ?? 0) - 1;
  const { requests = {} } = pod;
  for (const name in requests) left[name] = (left[name] ?? 0) - (requests[name] ?? 0);
}

/** Takes the room that the pod will have. @returns why there is none */
function place(pod: PodFact, rooms: readonly Room[]): string | undefined {
  const best = roomiest(rooms, pod);
  if (rooms.length === 0) return 'no other node is Ready and schedulable';
  if (!best) return 'its nodeSelector, affinity and tolerations suit none of the other schedulable nodes';
  if (fits(best.left, pod)) {
    take(best, pod);
    return undefined;
  }
  const asked = wants(pod);
  const short = Object.keys(asked).filter((name) => (best.left[name] ?? 0) < (asked[name] ?? 0));
  const text = (name: string, amounts: Amounts) => `${name} ${amountText(name, Math.max(0, amounts[name] ?? 0))}`;
  const wanted = short.map((name) => text(name, asked)).join(', ');
  const left = short.map((name) => text(name, best.left)).join(', ');
  return `no suitable node has room for ${wanted}; ${best.node.name} has the most left, ${left}`;
}

function isAlive(pod: PodFact): boolean {
  return pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}

function wants(pod: PodFact): Amounts {
  return { ...pod.requests, pods: 1 };
}

function fits(left: Amounts, { requests = {} }: PodFact): boolean {
  if ((left['pods'] ?? 0) < 1) return false;
  for (const name in requests) {
    const amount = requests[name] ?? 0;
    if (amount > 0 && (left[name] ?? 0) < amount) return false;
  }
  return true;
}

/** Of those that suit it, where it would fit most often, by what is scarcest there. */
function roomiest(rooms: readonly Room[], pod: PodFact): Room | undefined {
  const asked = Object.entries(wants(pod)).filter(([, amount]) => amount > 0);
  let best: Room | undefined;
  let most = -Infinity;
  for (const room of rooms) {
    let times = Infinity;
    for (const [name, amount] of asked) {
      times = Math.min(times, (room.left[name] ?? 0) / amount);
      if (times <= most) break;
    }
    if ((best && times <= most) || !suits(room.node, pod)) continue;
    [best, most] = [room, times];
  }
  return best;
}

function bySize(pods: readonly PodFact[]): PodFact[] {
  const size = ({ requests = {} }: PodFact) => (requests['cpu'] ?? 0) / 1000 + (requests['memory'] ?? 0) / 2 ** 32;
  return pods.toSorted((a, b) => size(b) - size(a));
}

function suits(node: NodeObject, pod: PodFact): boolean {
  const { nodeSelector, nodeAffinity, tolerations = [] } = pod;
  for (const key in nodeSelector) if (node.labels[key] !== nodeSelector[key]) return false;
  if (nodeAffinity && !nodeAffinity.some((term) => holds(term, node))) return false;
  return node.taints.length === 0 || node.taints.every((taint) => tolerates(tolerations, taint));
}

/** `unschedulable` already covers a cordon's own taint. */
export function tolerates(tolerations: readonly Toleration[], taint: NodeObject['taints'][number]): boolean {
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
  return named && matchExpressions.every((one) => matches(one, node.labels[one.key]) !== false);
}
