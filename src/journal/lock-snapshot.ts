import { sha256 } from '../digest.ts';
import type { LockHolder } from './lock.ts';
import type { LockView } from './lock-script.ts';
import type { Answer } from './node-script.ts';

export interface Missing {
  readonly node: string;
  readonly problem: string;
}

/** The locks of all nodes at one look. */
export interface LockSnapshot {
  readonly views: ReadonlyMap<string, LockView>;
  readonly missing: readonly Missing[];
}

/** One lock as it lies on the nodes. */
export interface Claim {
  readonly holder: LockHolder;
  /** Its heartbeat counter, by node. */
  readonly beats: ReadonlyMap<string, number>;
  /**
   * `holds`: it has, or may have, a majority of its nodes. `released`: it was released on one of them while the others
   * were unreachable. `partial`: too few; its holder is taking it, or ended while doing so.
   */
  readonly kind: 'holds' | 'released' | 'partial';
}

export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

export function snapshotOf(answers: readonly Answer<LockView>[]): LockSnapshot {
  const views = new Map<string, LockView>();
  const missing: Missing[] = [];
  for (const answer of answers) {
    if ('value' in answer) views.set(answer.node, answer.value);
    else missing.push(answer);
  }
  return { views, missing };
}

/** Every lock that is not free on some node. */
export function claimsIn(snapshot: LockSnapshot): Claim[] {
  const found = new Map<string, { holder: LockHolder; beats: Map<string, number> }>();
  const released = new Set<string>();
  for (const [node, view] of snapshot.views) {
    if (!view.holder) continue;
    if (view.state === 'free') released.add(view.holder.id);
    else {
      const claim = found.get(view.holder.id) ?? { holder: view.holder, beats: new Map() };
      claim.beats.set(node, view.beat);
      found.set(view.holder.id, claim);
    }
  }
  return [...found.values()].map((claim) => ({ ...claim, kind: kindOf(claim, snapshot, released) }));
}

function kindOf(
  { holder, beats }: { readonly holder: LockHolder; readonly beats: ReadonlyMap<string, number> },
  snapshot: LockSnapshot,
  released: ReadonlySet<string>,
): Claim['kind'] {
  if (released.has(holder.id)) return 'released';
  const own = holder.nodes ?? [...snapshot.views.keys()];
  const unseen = own.filter((node) => !snapshot.views.has(node)).length;
  return beats.size + unseen >= majorityOf(own.length) ? 'holds' : 'partial';
}

/** The highest epoch of a run in any node's lock, held or free. */
export function epochIn(snapshot: LockSnapshot, run: string): number {
  const epochs = [...snapshot.views.values()].map(({ holder }) => (holder?.run === run ? (holder.epoch ?? 0) : 0));
  return Math.max(0, ...epochs);
}

/** Of the nodes that keep a lock, in any order. */
export function domainOf(nodes: readonly string[]): string {
  return sha256(nodes.toSorted().join(' ')).slice(0, 16);
}

/** Higher than that of any lock of these nodes before: of each a majority knew, and one of that has answered. */
export function nextFence(snapshot: LockSnapshot, domain: string): number {
  const seen = [...snapshot.views.values()].map(({ holder }) => (holder?.domain === domain ? (holder.fence ?? 0) : 0));
  return Math.max(0, ...seen) + 1;
}

/** Whether the counter of a lock moved between two looks; undefined: no node answered both times. */
export function hasMoved(before: Claim, now: LockSnapshot): boolean | undefined {
  const seen = [...before.beats].flatMap(([node, beat]) => {
    const view = now.views.get(node);
    if (!view) return [];
    return [view.state === 'held' && view.holder?.id === before.holder.id && view.beat !== beat];
  });
  return seen.length === 0 ? undefined : seen.includes(true);
}
