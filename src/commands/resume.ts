import { Failure } from '../failure.ts';
import type { Inventory } from '../documents/model.ts';
import type { LockNodes } from '../journal/copies.ts';
import { openJournal } from '../journal/journal.ts';
import { type HeldLock, LocalLock, type LockHolder } from '../journal/lock.ts';
import { Mirror } from '../journal/mirror.ts';
import { foldJournal, isSettled, type StepProgress } from '../journal/progress.ts';
import { isUnfinished, RunStore, type RunSummary } from '../journal/store.ts';
import { stepKey } from '../plan/key.ts';
import { contactedNodes, type Plan } from '../plan/plan.ts';
import { asker, checkPlannedApprovals } from '../run/approvals.ts';
import { type Console, withConsole } from '../run/console.ts';
import { confirm, listenForStop, requireAnswerable } from '../run/control.ts';
import { execute } from '../run/execute.ts';
import { findOnNodes, knownEpoch, takeNewerCopy } from '../run/from-nodes.ts';
import { lockNodesOf, nodeLockFor, sayOn, takeLocks } from '../run/lock-nodes.ts';
import { loadValidInventory, type Valid } from '../run/load.ts';
import { type CommonOptions, stateDir } from '../run/options.ts';
import { type Connected, connectNodes } from '../run/connect.ts';
import { minorsOfPlan } from '../plan/needs.ts';
import { applyTreat, parseTreat, type Treat, warnOfEdits } from '../run/treat.ts';

export interface ResumeOptions extends CommonOptions {
  readonly treat: readonly string[];
}

/** Continues a run by its frozen plan and its journal; with -i also one that only the nodes know. */
export function resume(id: string | undefined, options: ResumeOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console) => {
    const store = new RunStore(stateDir(options));
    const given = options.inventory === undefined ? undefined : await loadValidInventory(console, options.inventory);
    const known = await knownRun(store, id, given);
    if (known && isUnfinished(known.progress)) {
      const inventory = given ?? (await loadValidInventory(console, known.plan.inventory.file));
      const { folder, plan, progress } = known;
      return continueRun(console, store, { id: folder.id, plan, steps: progress.steps }, inventory, options);
    }
    if (known) return nothing(console, `run ${known.folder.id} is ${known.progress.state}`);
    if (!given) return nothing(console, `no unfinished run in ${store.root}`);
    requireAnswerable(options.yes, 'runbook resume');
    const found = await findOnNodes(console, store, given, id);
    if (typeof found === 'string') return nothing(console, found);
    const { steps } = foldJournal(found.records);
    return continueRun(console, store, { id: found.run, plan: found.plan, steps }, given, options);
  });
}

function nothing(console: Console, why: string): number {
  sayOn(console, 'info')(`nothing to resume: ${why}`, []);
  return 0;
}

/** Undefined where the state folder knows none, or holds only the beginnings of one. @throws Failure for an unknown id without -i */
async function knownRun(
  store: RunStore,
  id: string | undefined,
  given: Valid<Inventory> | undefined,
): Promise<RunSummary | undefined> {
  if (id === undefined) return store.unfinished(given ? { cluster: given.value.cluster } : undefined);
  if (given && !(await store.ids()).includes(id)) return undefined;
  const known = await store.read(id);
  return given && known.progress.run === undefined ? undefined : known;
}

interface Resumed {
  readonly id: string;
  readonly plan: Plan;
  /** As far as is known before the lock is held. */
  readonly steps: ReadonlyMap<string, StepProgress>;
}

async function continueRun(
  console: Console,
  store: RunStore,
  { id, plan, steps }: Resumed,
  inventory: Valid<Inventory>,
  options: ResumeOptions,
): Promise<number> {
  const treats = options.treat.map((text) => parseTreat(text, plan));
  if (inventory.value.cluster !== plan.inventory.cluster) {
    throw new Failure(
      'document',
      `${inventory.file} is of cluster ${inventory.value.cluster}, the run is of ${plan.inventory.cluster}`,
    );
  }
  await warnOfEdits(console, plan);
  requireAnswerable(options.yes, 'runbook resume');
  checkPlannedApprovals(options.approve ?? [], plan, 'runbook resume', (step) =>
    isSettled(steps.get(stepKey(step.node, step.id))?.outcome),
  );
  const nodes = contactedNodes(plan);
  const connected = await connectNodes(console, {
    inventory,
    nodes,
    minors: minorsOfPlan(plan),
    stateDir: store.root,
    reconnect: true,
    allowMissing: true,
  });
  const lockNodes = lockNodesOf(connected.fleet, inventory.value, nodes);
  try {
    const locks = { local: new LocalLock(store.root, plan.inventory.cluster), nodes: nodeLockFor(console, lockNodes) };
    const isSame = (holder: LockHolder) => holder.run === id;
    if (locks.nodes) await locks.nodes.refuseLive(await locks.nodes.look(), isSame);
    else sayOn(console, 'info')('no node keeps a lock of this run: only this state folder is locked', []);
    if (options.yes !== true) await confirm(console, `Continue run ${id} on ${plan.inventory.cluster}?`);
    const epoch = await knownEpoch(store, id);
    const held = await takeLocks(
      locks,
      { run: id, runbook: plan.runbook.name, epoch: epoch + 1 },
      { passGone: isSame, watch: isSame },
      (holder) => {
        const text = `taking over from process ${holder.pid} on ${holder.host}, which is gone (since ${holder.startedAt})`;
        sayOn(console)(text, []);
      },
    );
    try {
      await takeNewerCopy(console, store, { id, plan, epoch }, lockNodes, connected.fleet);
      const approve = options.approve ?? [];
      return await runFrom(console, store, { id, plan }, { held, lockNodes, connected, inventory, treats, approve });
    } finally {
      await held.release();
    }
  } finally {
    await connected.fleet.close();
  }
}

interface Ready {
  readonly held: HeldLock & { readonly epoch: number };
  readonly lockNodes: LockNodes;
  readonly connected: Connected;
  readonly inventory: Valid<Inventory>;
  readonly treats: readonly Treat[];
  readonly approve: readonly string[];
}

async function runFrom(
  console: Console,
  store: RunStore,
  { id, plan }: Pick<Resumed, 'id' | 'plan'>,
  ready: Ready,
): Promise<number> {
  const { held, inventory, lockNodes, connected } = ready;
  const stop = listenForStop(console);
  let mirror: Mirror | undefined;
  const { journal, records } = await openJournal(store.folder(id).journal, Date.now, (line) => mirror?.push(line));
  try {
    const progress = foldJournal(records);
    if (!isUnfinished(progress)) return nothing(console, `run ${id} is ${progress.state}`);
    const epoch = Math.max(held.epoch, progress.epoch + 1);
    const copy = { ...lockNodes, run: id, epoch, plan: JSON.stringify(plan), say: sayOn(console) };
    mirror = new Mirror(
      copy,
      records.map((record) => JSON.stringify(record)),
    );
    const steps = new Map(progress.steps);
    const { host, pid, user } = held.holder;
    await journal.append({ type: 'run-resumed', epoch, holder: { host, pid, user } });
    for (const treat of ready.treats) await applyTreat(journal, steps, treat, user);
    return await execute(console, {
      ...connected,
      plan,
      run: id,
      epoch,
      inventory: inventory.value,
      journal,
      lock: held,
      mirror,
      progress: steps,
      store,
      facts: undefined,
      resumed: true,
      control: stop.control,
      ask: asker(console, ready.approve, user),
    });
  } finally {
    stop.dispose();
    await journal.close();
  }
}
