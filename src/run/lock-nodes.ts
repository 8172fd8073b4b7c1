import type { Inventory } from '../documents/model.ts';
import type { Fleet } from '../engine/fleet.ts';
import { realClock } from '../engine/clock.ts';
import type { LockNodes } from '../journal/copies.ts';
import { type HeldLock, type LocalLock, type LockHolder } from '../journal/lock.ts';
import { NodeLock, type TakePolicy } from '../journal/node-lock.ts';
import type { Console } from './console.ts';
import type { Valid } from './load.ts';
import { connectNodes } from './connect.ts';

/** Milliseconds for one request to a node's lock or copy; a slow one must not hold up the others for ever. */
const REQUEST_LIMIT = 60_000;

/**
 * The nodes that keep lock and copies of a run: all control planes, every selected node where there is none; by name. A run that
 * contacts no node has none.
 */
export function keeperNodes(inventory: Inventory, selected: readonly string[]): string[] {
  if (selected.length === 0) return [];
  const controlPlanes = inventory.nodes.filter((node) => node.role === 'control-plane').map((node) => node.name);
  return (controlPlanes.length > 0 ? controlPlanes : [...selected]).toSorted();
}

/** Dials them, apart from any run. One that cannot be reached is no failure yet: it is among the missing when they are asked. */
export async function reachKeepers(
  console: Console,
  inventory: Valid<Inventory>,
  stateDir: string,
): Promise<{ readonly fleet: Fleet; readonly lockNodes: LockNodes }> {
  const all = inventory.value.nodes.map((node) => node.name);
  const nodes = keeperNodes(inventory.value, all);
  const { fleet } = await connectNodes(console, {
    inventory,
    nodes,
    minors: [],
    stateDir,
    reconnect: false,
    allowMissing: true,
  });
  return { fleet, lockNodes: lockNodesOf(fleet, inventory.value, nodes) };
}

/** How to ask them, over the run's own links. */
export function lockNodesOf(fleet: Fleet, inventory: Inventory, selected: readonly string[]): LockNodes {
  return {
    nodes: keeperNodes(inventory, selected),
    root: inventory.remoteDir,
    ask: (node, script) => fleet.once(node, (remote) => remote.probe(script, { timeout: REQUEST_LIMIT })),
  };
}

export function sayOn(console: Console, level: 'info' | 'warning' = 'warning') {
  return (text: string, detail: readonly string[]) => {
    console.emit({ type: 'message', level, text, detail });
  };
}

/** Undefined where no node keeps the lock. */
export function nodeLockFor(console: Console, lockNodes: LockNodes): NodeLock | undefined {
  return lockNodes.nodes.length === 0 ? undefined : nodeLockOn(console, lockNodes);
}

export function nodeLockOn(console: Console, lockNodes: LockNodes): NodeLock {
  return new NodeLock({
    ...lockNodes,
    say: sayOn(console),
    sleep: (ms, signal) => realClock.sleep(ms, signal),
    interval: 10_000,
    patience: 10 * 60_000,
    fresh: 2000,
  });
}

export interface Locks {
  readonly local: LocalLock;
  /** Undefined: no node is contacted, the lock here is all there is. */
  readonly nodes: NodeLock | undefined;
}

/** The lock here and the one on the nodes, as one, with one id. `epoch` is the least; the holder says which it got. */
export async function takeLocks(
  locks: Locks,
  wanted: { readonly run: string; readonly runbook: string; readonly epoch: number },
  policy: TakePolicy,
  onTakeOver: (holder: LockHolder) => void,
): Promise<HeldLock & { readonly epoch: number }> {
  const { run, runbook, epoch } = wanted;
  const here = await locks.local.take(run, runbook, (holder) => {
    const pass = policy.passGone(holder);
    if (pass) onTakeOver(holder);
    return pass;
  });
  if (!locks.nodes) return alone(here, epoch);
  try {
    const there = await locks.nodes.take({ ...here.holder, epoch }, policy);
    return {
      holder: there.holder,
      epoch: there.holder.epoch ?? epoch,
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

function alone(here: HeldLock, epoch: number): HeldLock & { readonly epoch: number } {
  return {
    holder: here.holder,
    epoch,
    assertHeld: () => here.assertHeld(),
    release: () => here.release(),
  };
}
