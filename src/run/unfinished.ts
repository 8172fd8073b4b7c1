import type { Links } from '../engine/links.ts';
import { hostText, LOCAL } from '../plan/hosts.ts';
import { Failure } from '../failure.ts';
import { type Copy, newestUnfinished, readCopies } from '../journal/copies.ts';
import { openJournal } from '../journal/journal.ts';
import type { TakePolicy } from '../journal/node-lock.ts';
import { doneScript } from '../journal/mirror.ts';
import { askAll } from '../journal/node-script.ts';
import type { RunStore, RunSummary } from '../journal/store.ts';
import { resumeCommand } from './again.ts';
import type { Documents } from './load.ts';
import type { Locks } from './locks.ts';

/** Runs on this cluster that are neither finished nor abandoned. */
export interface Unfinished {
  /** Of any runbook, by id. */
  readonly runs: ReadonlySet<string>;
  /** Of this runbook, as this state folder knows it. */
  readonly here?: RunSummary;
  /** Of this runbook, as only the nodes know it. */
  readonly onNodes?: Copy;
}

export async function findUnfinished(
  store: RunStore,
  { lockNodes }: Locks,
  { runbook, inventory }: Documents,
): Promise<Unfinished> {
  const match = { runbook: runbook.value.name, cluster: inventory.value.cluster };
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

/** @throws Failure (unfinished-run) that names the command which continues it */
export function refuseUnfinished(
  { here, onNodes }: Unfinished,
  { runbook, inventory }: Documents,
  stateDir: string,
): void {
  const startOver = 'Or abandon it and make a new plan from the present state: the same command with --new';
  const what = `of ${runbook.value.name} on ${inventory.value.cluster} is not finished`;
  if (here) {
    throw new Failure('unfinished-run', `run ${here.folder.id} ${what}`, [
      ...(here.progress.reason === undefined
        ? []
        : [`It ${here.progress.paused ? 'is paused' : 'stopped'}: ${here.progress.reason}`]),
      `Continue it: ${resumeCommand(here.folder.id, stateDir)}`,
      startOver,
    ]);
  }
  if (onNodes) {
    throw new Failure('unfinished-run', `run ${onNodes.run} ${what}`, [
      `It was started from another state folder; ${onNodes.node} knows it.`,
      `Continue it from here: ${resumeCommand(onNodes.run, stateDir, inventory.file)}`,
      startOver,
    ]);
  }
}

/** A step of an abandoned run must not run beside the new run. @throws Failure (unfinished-run) */
export async function refuseStillRunning(
  links: Links,
  nodes: readonly string[],
  unfinished: Unfinished,
): Promise<void> {
  const asked = abandoned(unfinished).flatMap((run) => [...nodes, LOCAL].map((node) => ({ run, node })));
  const found = await Promise.all(
    asked.map(async ({ run, node }) => {
      const attempts = await links.with(node, (remote) => remote.list(run));
      return attempts.filter(({ state }) => state.kind === 'running').map(({ id }) => ({ run, node, id }));
    }),
  );
  const [running] = found.flat();
  if (!running) return;
  const { run, node, id } = running;
  throw new Failure('unfinished-run', `a step of run ${run} still runs on ${hostText(node)}: ${id}`, [
    `Continue that run: runbook resume ${run}`,
    'Or wait until the step ends, then give the same command again.',
  ]);
}

/** What a dead process left unfinished may still run on the nodes: only its own run, or --new, takes its lock. */
export function newRunPolicy(unfinished: Unfinished): TakePolicy {
  return {
    takeGone: ({ run }) => !unfinished.runs.has(run) || abandoned(unfinished).includes(run),
    watch: () => false,
  };
}

/** Marks the unfinished runs of this runbook as abandoned; without --new they were refused before. */
export async function abandon(unfinished: Unfinished, { lockNodes: { nodes, root, ask } }: Locks): Promise<void> {
  if (unfinished.here) {
    const { journal } = await openJournal(unfinished.here.folder.journal, Date.now);
    await journal.append({ type: 'run-abandoned', reason: 'a new run was started with --new' });
    await journal.close();
  }
  for (const run of abandoned(unfinished)) {
    await askAll(
      nodes,
      ask,
      () => doneScript(root, run, 'abandoned'),
      () => undefined,
    );
  }
}

function abandoned({ here, onNodes }: Unfinished): string[] {
  return [here?.folder.id, onNodes?.run].filter((run) => run !== undefined);
}
