import { randomBytes } from 'node:crypto';
import { type Fleet, LOCAL } from '../engine/fleet.ts';
import { Failure } from '../failure.ts';
import { type Copy, newestUnfinished, type LockNodes, readCopies } from '../journal/copies.ts';
import { openJournal } from '../journal/journal.ts';
import { describeHolder, type HeldLock, LocalLock, lockedBy } from '../journal/lock.ts';
import { doneScript, Mirror } from '../journal/mirror.ts';
import { askAll } from '../journal/node-script.ts';
import { RunStore, type RunSummary } from '../journal/store.ts';
import { decidingFacts } from '../facts/lib/deciding.ts';
import { differences } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';
import { renderPlan, renderPlanSummary } from '../render/plan.ts';
import { asker, checkApprovals, checkPlannedApprovals } from '../run/approvals.ts';
import { type Console, withConsole } from '../run/console.ts';
import { confirm, listenForStop, requireAnswerable } from '../run/control.ts';
import { execute } from '../run/execute.ts';
import { lockNodesOf, type Locks, nodeLockFor, sayOn, takeLocks } from '../run/lock-nodes.ts';
import { type Documents, loadDocuments } from '../run/load.ts';
import { type CommonOptions, stateDir } from '../run/options.ts';
import { hasChanges, prepare, type Prepared, readFacts, tellFindings } from '../run/prepare.ts';
import { loadSavedPlan, refuseMoved, savedDocuments, type SavedPlan } from '../run/saved-plan.ts';

export interface ApplyOptions extends CommonOptions {
  readonly new?: boolean;
}

/** The main job. Its order is the contract's: documents, connect, lock, unfinished run, facts, plan, guards, confirm, lock, facts again, run. */
export function apply(file: string, options: ApplyOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console) => {
    const saved = await loadSavedPlan(file, options);
    const documents = saved ? await savedDocuments(console, saved) : await loadDocuments(console, file, options);
    requireAnswerable(options.yes, 'runbook apply');
    checkApprovals(options.approve ?? [], documents.runbook.value, 'runbook apply');
    const store = new RunStore(stateDir(options));
    const local = new LocalLock(store.root, documents.inventory.value.cluster);
    let ahead: Ahead | undefined;
    const prepared = await prepare(console, documents, saved?.options ?? options, true, async (connected, nodes) => {
      const lockNodes = lockNodesOf(connected.fleet, documents.inventory.value, nodes);
      const locks = { local, nodes: nodeLockFor(console, lockNodes) };
      await refuseLocked(locks);
      const unfinished = await findUnfinished(store, lockNodes, documents);
      if (options.new === true) await refuseStillRunning(connected.fleet, nodes, unfinished);
      else refuseUnfinished(unfinished, documents);
      ahead = { lockNodes, locks, unfinished };
    });
    try {
      if (saved) refuseMoved(saved, prepared);
      if (!ahead) throw new Error('nobody looked at the lock');
      return await start(console, prepared, saved, store, ahead, options);
    } finally {
      await prepared.fleet.close();
    }
  });
}

/** What was found before anything was planned. */
interface Ahead {
  readonly lockNodes: LockNodes;
  readonly locks: Locks;
  readonly unfinished: Unfinished;
}

/** Runs on this cluster that are neither finished nor abandoned. */
interface Unfinished {
  /** Of any runbook, by id. */
  readonly runs: ReadonlySet<string>;
  /** Of this runbook, as this state folder knows it. */
  readonly here?: RunSummary;
  /** Of this runbook, as only the nodes know it. */
  readonly onNodes?: Copy;
}

async function refuseLocked(locks: Locks): Promise<void> {
  const present = await locks.local.look();
  if (present && !present.gone) throw lockedBy(present.holder, false);
  if (locks.nodes) await locks.nodes.refuseLive(await locks.nodes.look());
}

async function findUnfinished(store: RunStore, lockNodes: LockNodes, documents: Documents): Promise<Unfinished> {
  const match = { runbook: documents.runbook.value.name, cluster: documents.inventory.value.cluster };
  const here = await store.unfinished(match);
  const { copies } = await readCopies(lockNodes);
  const known = new Set(await store.ids());
  const elsewhere = copies.filter((copy) => !copy.over && !known.has(copy.run));
  const onNodes = newestUnfinished(elsewhere, match);
  return {
    runs: new Set([...(await store.unfinishedIds()), ...elsewhere.map((copy) => copy.run)]),
    ...(here ? { here } : {}),
    ...(onNodes ? { onNodes } : {}),
  };
}

function refuseUnfinished({ here, onNodes }: Unfinished, { runbook, inventory }: Documents): void {
  const startOver = 'Or abandon it and plan anew from how the nodes stand now: the same command with --new';
  const what = `of ${runbook.value.name} on ${inventory.value.cluster} is not finished`;
  if (here) {
    throw new Failure('unfinished-run', `run ${here.folder.id} ${what}`, [
      ...(here.progress.reason === undefined ? [] : [`It stopped: ${here.progress.reason}`]),
      `Continue it: runbook resume ${here.folder.id}`,
      startOver,
    ]);
  }
  if (onNodes) {
    throw new Failure('unfinished-run', `run ${onNodes.run} ${what}`, [
      `It was started from another state folder; ${onNodes.node} knows it.`,
      `Continue it from here: runbook resume ${onNodes.run} -i ${inventory.file}`,
      startOver,
    ]);
  }
}

/** A run that is abandoned must not go on behind the new one's back: what still runs on a node is waited for, or taken up. */
async function refuseStillRunning(
  fleet: Fleet,
  nodes: readonly string[],
  { here, onNodes }: Unfinished,
): Promise<void> {
  const runs = [here?.folder.id, onNodes?.run].filter((run) => run !== undefined);
  const asked = runs.flatMap((run) => [...nodes, LOCAL].map((node) => [run, node] as const));
  const found = await Promise.all(
    asked.map(async ([run, node]) => {
      const attempts = await fleet.with(node, (remote) => remote.list(run));
      return attempts.filter(({ state }) => state.kind === 'running').map(({ id }) => ({ run, node, id }));
    }),
  );
  const [running] = found.flat();
  if (!running) return;
  throw new Failure(
    'unfinished-run',
    `a step of run ${running.run} still runs on ${running.node === LOCAL ? 'this machine' : running.node}: ${running.id}`,
    [
      `Take it up: runbook resume ${running.run}`,
      'Or wait until it has ended, then give the same command with --new again.',
    ],
  );
}

async function start(
  console: Console,
  prepared: Prepared,
  saved: SavedPlan | undefined,
  store: RunStore,
  ahead: Ahead,
  options: ApplyOptions,
): Promise<number> {
  const plan = saved?.plan ?? prepared.plan;
  tellFindings(console, prepared.plan, true);
  checkPlannedApprovals(options.approve ?? [], plan, 'runbook apply');
  if (hasChanges(plan) && options.yes !== true) {
    console.renderer.pause();
    console.print(console.look.verbose ? renderPlan(plan, console.look) : renderPlanSummary(plan, console.look));
    console.renderer.resume();
    await confirm(console, `Run this on ${plan.inventory.cluster}?`);
  }
  const id = runId(plan);
  const { lockNodes, locks, unfinished } = ahead;
  const abandoned = [unfinished.here?.folder.id, unfinished.onNodes?.run];
  const held = await takeLocks(
    locks,
    { run: id, runbook: plan.runbook.name, epoch: 1 },
    {
      // What a dead controller left unfinished may still run on the nodes: only its own run, or --new, goes past it.
      passGone: (holder) => !unfinished.runs.has(holder.run) || abandoned.includes(holder.run),
      watch: () => false,
    },
    (holder) => {
      sayOn(console)(`taking over from process ${holder.pid} on ${holder.host}, which is gone`, describeHolder(holder));
    },
  );
  try {
    await refuseMovedFacts(console, prepared);
    await abandonUnfinished(unfinished, lockNodes);
    return await runNew(console, prepared, plan, store, held, lockNodes, options.approve ?? []);
  } finally {
    await held.release();
  }
}

async function runNew(
  console: Console,
  prepared: Prepared,
  plan: Plan,
  store: RunStore,
  held: HeldLock & { readonly epoch: number },
  lockNodes: LockNodes,
  approve: readonly string[],
): Promise<number> {
  const { run: id, host, pid, user } = held.holder;
  const { epoch } = held;
  const folder = await store.create(id, plan, prepared.facts);
  const mirror = new Mirror({ ...lockNodes, run: id, epoch, plan: JSON.stringify(plan), say: sayOn(console) });
  const { journal } = await openJournal(folder.journal, Date.now, (line) => {
    mirror.push(line);
  });
  const stop = listenForStop(console);
  try {
    await journal.append({ type: 'run-started', run: id, plan: plan.digest, epoch, holder: { host, pid, user } });
    for (const { guard, node, reason } of plan.overrides ?? []) {
      const on = node === undefined ? {} : { on: node };
      await journal.append({ type: 'guard-overridden', guard, ...on, reason, by: user });
    }
    return await execute(console, {
      fleet: prepared.fleet,
      observer: prepared.observer,
      plan,
      run: id,
      epoch,
      inventory: prepared.documents.inventory.value,
      journal,
      lock: held,
      mirror,
      progress: new Map(),
      store,
      facts: prepared.facts,
      resumed: false,
      control: stop.control,
      ask: asker(console, approve, user),
    });
  } finally {
    stop.dispose();
    await journal.close();
  }
}

/** Between the plan and the lock somebody else may have worked here: what the guards stand on is read again. */
async function refuseMovedFacts(console: Console, prepared: Prepared): Promise<void> {
  const now = await readFacts(console, prepared, prepared.nodes, prepared.needs);
  const moved = differences(decidingFacts(prepared.facts), decidingFacts(now));
  if (moved.length === 0) return;
  throw new Failure('guard-refused', 'the cluster moved between the plan and now; nothing was changed', [
    ...moved,
    'Look who else works on it, then plan again.',
  ]);
}

/** Reached only with --new: an unfinished run of the same runbook has been refused before. */
async function abandonUnfinished({ here, onNodes }: Unfinished, { nodes, root, ask }: LockNodes): Promise<void> {
  if (here) {
    const { journal } = await openJournal(here.folder.journal, Date.now);
    await journal.append({ type: 'run-abandoned', reason: 'a new run was started with --new' });
    await journal.close();
  }
  for (const run of [here?.folder.id, onNodes?.run]) {
    if (run !== undefined)
      await askAll(
        nodes,
        ask,
        () => doneScript(root, run, 'abandoned'),
        () => undefined,
      );
  }
}

/** Sorts by time: `20260314-202533-upgrade-1-32-9f3c`. */
function runId(plan: Plan): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const name = plan.runbook.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${time}-${name.slice(0, 40)}-${randomBytes(2).toString('hex')}`;
}
