import { randomBytes } from 'node:crypto';
import { Failure } from '../failure.ts';
import { openJournal } from '../journal/journal.ts';
import { type HeldLock, LocalLock, lockedBy } from '../journal/lock.ts';
import { RunStore } from '../journal/store.ts';
import { decidingFacts } from '../facts/deciding.ts';
import { differences } from '../plan/digest.ts';
import type { Plan } from '../plan/plan.ts';
import { renderPlan } from '../render/plan.ts';
import { type Console, withConsole } from './console.ts';
import { confirm, listenForStop, requireAnswerable } from './control.ts';
import { execute } from './execute.ts';
import { type Documents, loadDocuments } from './load.ts';
import { type CommonOptions, stateDir } from './options.ts';
import { hasChanges, prepare, type Prepared, readFacts, tellFindings } from './prepare.ts';
import { loadSavedPlan, refuseMoved, type SavedPlan } from './saved-plan.ts';

export interface ApplyOptions extends CommonOptions {
  readonly new?: boolean;
}

/** The main job. Its order is the contract's: documents, connect, lock, unfinished run, facts, plan, guards, confirm, lock, facts again, run. */
export function apply(file: string, options: ApplyOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console) => {
    const saved = await loadSavedPlan(file, options);
    const documents = await loadDocuments(console, saved?.plan.runbook.file ?? file, saved?.options ?? options);
    requireAnswerable(options.yes, 'runbook apply');
    const store = new RunStore(stateDir(options));
    const lock = new LocalLock(store.root, documents.inventory.value.cluster);
    const prepared = await prepare(console, documents, saved?.options ?? options, true, () =>
      refuseLockedOrUnfinished(store, lock, documents, options.new ?? false),
    );
    try {
      if (saved) refuseMoved(saved, prepared);
      return await start(console, prepared, saved, store, lock, options);
    } finally {
      await prepared.fleet.close();
    }
  });
}

async function refuseLockedOrUnfinished(
  store: RunStore,
  lock: LocalLock,
  documents: Documents,
  startOver: boolean,
): Promise<void> {
  const present = await lock.look();
  if (present && !present.gone) throw lockedBy(present.holder, false);
  const { name } = documents.runbook.value;
  const { cluster } = documents.inventory.value;
  const unfinished = await store.unfinished({ runbook: name, cluster });
  if (!unfinished || startOver) return;
  throw new Failure('unfinished-run', `run ${unfinished.folder.id} of ${name} on ${cluster} is not finished`, [
    ...(unfinished.progress.reason === undefined ? [] : [`It stopped: ${unfinished.progress.reason}`]),
    `Continue it: runbook resume ${unfinished.folder.id}`,
    'Or abandon it and plan anew from how the nodes stand now: the same command with --new',
  ]);
}

async function start(
  console: Console,
  prepared: Prepared,
  saved: SavedPlan | undefined,
  store: RunStore,
  lock: LocalLock,
  options: ApplyOptions,
): Promise<number> {
  const plan = saved?.plan ?? prepared.plan;
  tellFindings(console, prepared.plan, true);
  if (hasChanges(plan) && options.yes !== true) {
    console.renderer.pause();
    console.print(renderPlan(plan, console.look));
    console.renderer.resume();
    await confirm(console, `Run this on ${plan.inventory.cluster}?`);
  }
  const id = runId(plan);
  const held = await lock.take(id, plan.runbook.name, () => true);
  try {
    await refuseMovedFacts(console, prepared);
    await abandonUnfinished(store, plan);
    return await runNew(console, prepared, plan, store, held);
  } finally {
    await held.release();
  }
}

async function runNew(
  console: Console,
  prepared: Prepared,
  plan: Plan,
  store: RunStore,
  held: HeldLock,
): Promise<number> {
  const { run: id, host, pid, user } = held.holder;
  const folder = await store.create(id, plan, prepared.facts);
  const { journal } = await openJournal(folder.journal, Date.now);
  const stop = listenForStop(console);
  try {
    await journal.append({ type: 'run-started', run: id, plan: plan.digest, epoch: 1, holder: { host, pid, user } });
    return await execute(console, {
      fleet: prepared.fleet,
      observer: prepared.observer,
      plan,
      run: id,
      epoch: 1,
      inventory: prepared.documents.inventory.value,
      journal,
      progress: new Map(),
      store,
      facts: prepared.facts,
      resumed: false,
      control: stop.control,
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
async function abandonUnfinished(store: RunStore, plan: Plan): Promise<void> {
  const unfinished = await store.unfinished({ runbook: plan.runbook.name, cluster: plan.inventory.cluster });
  if (!unfinished) return;
  const { journal } = await openJournal(unfinished.folder.journal, Date.now);
  await journal.append({ type: 'run-abandoned', reason: 'a new run was started with --new' });
  await journal.close();
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
