import { Failure } from '../failure.ts';
import { openJournal } from '../journal/journal.ts';
import { LocalLock } from '../journal/lock.ts';
import { foldJournal, type StepProgress } from '../journal/progress.ts';
import { isUnfinished, RunStore, type RunSummary } from '../journal/store.ts';
import type { Journal } from '../journal/journal.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';
import { readDocument } from '../documents/read.ts';
import { digestOf } from '../documents/loaded.ts';
import { type Console, withConsole } from './console.ts';
import { confirm, listenForStop, requireAnswerable } from './control.ts';
import { execute } from './execute.ts';
import { loadValidInventory } from './load.ts';
import { type CommonOptions, stateDir } from './options.ts';
import { reachNodes } from './reach.ts';
import { minorsOfPlan } from '../plan/needs.ts';

export interface ResumeOptions extends CommonOptions {
  readonly treat: readonly string[];
}

/** Continues a run by its frozen plan and its journal. */
export function resume(id: string | undefined, options: ResumeOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console) => {
    const store = new RunStore(stateDir(options));
    const summary = id === undefined ? await store.unfinished() : await store.read(id);
    if (summary && isUnfinished(summary.progress)) return continueRun(console, store, summary, options);
    const text = summary
      ? `run ${summary.folder.id} is ${summary.progress.state}`
      : `no unfinished run in ${store.root}`;
    console.emit({ type: 'message', level: 'info', text: `nothing to resume: ${text}`, detail: [] });
    return 0;
  });
}

async function continueRun(
  console: Console,
  store: RunStore,
  summary: RunSummary,
  options: ResumeOptions,
): Promise<number> {
  const { plan, folder } = summary;
  const treats = options.treat.map((text) => parseTreat(text, plan));
  const inventory = await loadValidInventory(console, options.inventory ?? plan.inventory.file);
  if (inventory.value.cluster !== plan.inventory.cluster) {
    throw new Failure(
      'document',
      `${inventory.file} is of cluster ${inventory.value.cluster}, the run is of ${plan.inventory.cluster}`,
    );
  }
  await warnOfEdits(console, plan);
  requireAnswerable(options.yes, 'runbook resume');
  const lock = new LocalLock(store.root, plan.inventory.cluster);
  const reached = await reachNodes(console, {
    inventory,
    nodes: plan.nodes.map((node) => node.name),
    minors: minorsOfPlan(plan),
    stateDir: store.root,
    reconnect: true,
    allowMissing: true,
  });
  try {
    if (options.yes !== true) await confirm(console, `Continue run ${folder.id} on ${plan.inventory.cluster}?`);
    const held = await lock.take(folder.id, plan.runbook.name, (holder) => {
      console.emit({
        type: 'message',
        level: 'warning',
        text: `taking over from process ${holder.pid} on ${holder.host}, which is gone (since ${holder.startedAt})`,
        detail: [],
      });
      return holder.run === folder.id;
    });
    const stop = listenForStop(console);
    const { journal, records } = await openJournal(folder.journal, Date.now);
    try {
      const progress = foldJournal(records);
      const epoch = progress.epoch + 1;
      const steps = new Map(progress.steps);
      const { host, pid, user } = held.holder;
      await journal.append({ type: 'run-resumed', epoch, holder: { host, pid, user } });
      for (const treat of treats) await applyTreat(journal, steps, treat, user);
      return await execute(console, {
        ...reached,
        plan,
        run: folder.id,
        epoch,
        inventory: inventory.value,
        journal,
        progress: steps,
        store,
        facts: undefined,
        resumed: true,
        control: stop.control,
      });
    } finally {
      stop.dispose();
      await journal.close();
      await held.release();
    }
  } finally {
    await reached.fleet.close();
  }
}

interface Treat {
  readonly node: string;
  readonly step: string;
  readonly as: 'done' | 'again';
}

/** `NODE/STEP=done|again`. @throws Failure (usage) */
function parseTreat(text: string, plan: Plan): Treat {
  const match = /^([^/]+)\/([^=]+)=(done|again)$/.exec(text);
  const [, node = '', step = '', as] = match ?? [];
  const known = plan.phases.flatMap((phase) => phase.steps);
  if (!match || !known.some((one) => one.node === node && one.id === step)) {
    throw new Failure(
      'usage',
      `--treat ${text}: not a planned step of this run, in the form NODE/STEP=done or NODE/STEP=again`,
      ['The steps and their ids: `runbook status -v`.'],
    );
  }
  return { node, step, as: as === 'done' ? 'done' : 'again' };
}

async function applyTreat(journal: Journal, steps: Map<string, StepProgress>, treat: Treat, by: string): Promise<void> {
  const key = stepKey(treat.node, treat.step);
  const known = steps.get(key);
  if (known?.outcome !== 'unknown') {
    throw new Failure(
      'usage',
      `--treat ${key}: its outcome is known (${known?.outcome ?? 'it has not ended'}); only an unknown one can be answered`,
    );
  }
  await journal.append({ type: 'step-treated', step: treat.step, node: treat.node, as: treat.as, by });
  if (treat.as === 'done') steps.set(key, { ...known, outcome: 'changed', reason: `${by} said it was done` });
  else steps.set(key, { ...known, treatedAgain: true });
}

/** A resume follows the frozen plan: a runbook edited since changes nothing, which its editor should know. */
async function warnOfEdits(console: Console, plan: Plan): Promise<void> {
  const read = await readDocument(plan.runbook.file);
  if (!read.ok || digestOf(read.value) === plan.runbook.digest) return;
  console.emit({
    type: 'message',
    level: 'warning',
    text: `${plan.runbook.file} was edited since the run began; the run follows its own plan, made before that`,
    detail: [],
  });
}
