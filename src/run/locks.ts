import type { Inventory } from '../documents/model.ts';
import type { Links } from '../engine/links.ts';
import { realClock } from '../engine/clock.ts';
import { hasLocalFiles } from '../actions/registry.ts';
import type { Voters } from '../journal/agreement.ts';
import type { LockNodes } from '../journal/copies.ts';
import { describeHolder, type HeldLock, LocalLock, lockedBy, type LockHolder } from '../journal/lock.ts';
import type { LockSnapshot } from '../journal/lock-snapshot.ts';
import { NodeLock, type TakePolicy } from '../journal/node-lock.ts';
import type { RunStore } from '../journal/store.ts';
import type { Fence } from '../remote/attempt.ts';
import { workedNodes } from '../plan/hosts.ts';
import { contactedNodes } from '../plan/plan.ts';
import { type Connection, connectNodes } from './connect.ts';
import type { Console } from './console.ts';
import type { Valid } from './load.ts';

/** Milliseconds for one request to a node's lock or copy, so that a slow node does not hold up the others. */
const REQUEST_LIMIT = 60_000;

/** The nodes with the lock of a run, by name: all control planes; without any, every selected node. */
function lockNodeNames(inventory: Inventory, selected: readonly string[]): string[] {
  if (selected.length === 0) return [];
  const controlPlanes = inventory.nodes.filter((node) => node.role === 'control-plane').map((node) => node.name);
  return (controlPlanes.length > 0 ? controlPlanes : [...selected]).toSorted();
}

/** So many copies survive the loss of one node with a majority, however many nodes a cluster has. */
const COPIES = 3;

/** The nodes with the copies of a run: all control planes; without any, the first three of those with its lock. */
function copyNodeNames(inventory: Inventory, selected: readonly string[]): string[] {
  const names = lockNodeNames(inventory, selected);
  return inventory.nodes.some((node) => node.role === 'control-plane') ? names : names.slice(0, COPIES);
}

/** Connects to them without a run. A node that does not answer is among the missing when they are asked. */
export async function connectLockNodes(
  console: Console,
  store: RunStore,
  inventory: Valid<Inventory>,
): Promise<{ readonly links: Links; readonly locks: Locks }> {
  const all = inventory.value.nodes.map((node) => node.name);
  const connection = await connectNodes(console, {
    inventory,
    nodes: lockNodeNames(inventory.value, all),
    minors: [],
    stateDir: store.root,
    allowMissing: true,
    onlyLocks: true,
  });
  return { links: connection.links, locks: locksOf(console, store, connection, inventory.value, all) };
}

export interface Locks {
  readonly local: LocalLock;
  /** They are also asked for copies: an earlier version kept them on all of these. */
  readonly lockNodes: LockNodes;
  readonly copyNodes: LockNodes;
  /** Of any run on this cluster. */
  readonly voters: Voters;
  /** Undefined: no node is contacted, the lock in the state folder is all there is. */
  readonly nodes: NodeLock | undefined;
}

export function locksOf(
  console: Console,
  store: RunStore,
  { links }: Connection,
  inventory: Inventory,
  nodes: readonly string[],
): Locks {
  const lockNodes: LockNodes = {
    nodes: lockNodeNames(inventory, nodes),
    root: inventory.remoteDir,
    ask: (node, script) => links.once(node, (remote) => remote.probe(script, { timeout: REQUEST_LIMIT })),
  };
  const onNodes = new NodeLock({
    ...lockNodes,
    say: console.warn,
    sleep: (ms, signal) => realClock.sleep(ms, signal),
    interval: 10_000,
    patience: 10 * 60_000,
    fresh: 2000,
  });
  return {
    local: new LocalLock(store.root, inventory.cluster),
    lockNodes,
    copyNodes: { ...lockNodes, nodes: copyNodeNames(inventory, nodes) },
    voters: (plan) =>
      copyNodeNames(inventory, [...new Set([...contactedNodes(plan), ...workedNodes(plan, hasLocalFiles)])]),
    nodes: lockNodes.nodes.length === 0 ? undefined : onNodes,
  };
}

/**
 * `ours`: holders that the taking of the lock decides about. @returns what the nodes showed, for {@link takeLocks}
 * @throws Failure (locked) that names a live holder
 */
export async function refuseLocked(
  locks: Locks,
  ours: (holder: LockHolder) => boolean = () => false,
): Promise<LockSnapshot | undefined> {
  const present = await locks.local.look();
  if (present && !present.gone) throw lockedBy(present.holder, false);
  const seen = await locks.nodes?.look();
  if (seen) await locks.nodes?.refuseLive(seen, ours);
  return seen;
}

export interface Held extends HeldLock {
  readonly epoch: number;
  /** Undefined where no node keeps the lock. */
  readonly fence?: Fence;
  /**
   * Aborted, with a Failure as its reason, once a heartbeat finds that the lock is another's; undefined without nodes.
   */
  readonly lost?: AbortSignal;
}

/** Takes the lock here and the one on the nodes, with one id. The epoch may be later than the wanted one. */
export async function takeLocks(
  console: Console,
  locks: Locks,
  wanted: { readonly run: string; readonly runbook: string; readonly epoch: number },
  policy: TakePolicy,
  seen?: LockSnapshot,
): Promise<Held> {
  const { run, runbook, epoch } = wanted;
  const here = await locks.local.take(run, runbook, (holder) => {
    const pass = policy.takeGone(holder);
    if (pass)
      console.warn(`taking over from process ${holder.pid} on ${holder.host}, which is gone`, describeHolder(holder));
    return pass;
  });
  if (!locks.nodes) return withEpoch(here, epoch);
  try {
    const there = await locks.nodes.take({ ...here.holder, epoch }, policy, seen);
    return {
      holder: there.holder,
      epoch: there.holder.epoch ?? epoch,
      lost: there.lost,
      fence: there.fence,
      assertHeld: async () => {
        await Promise.all([here.assertHeld(), there.assertHeld()]);
      },
      release: async () => {
        await there.release();
        await here.release();
      },
    };
  } catch (error) {
    await here.release();
    throw error;
  }
}

function withEpoch(here: HeldLock, epoch: number): Held {
  return { holder: here.holder, epoch, assertHeld: () => here.assertHeld(), release: () => here.release() };
}
