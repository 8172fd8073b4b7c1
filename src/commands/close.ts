import type { Command } from 'commander';
import { messageOf, Failure } from '../failure.ts';
import { askAll } from '../journal/node-script.ts';
import type { LockHolder } from '../journal/lock.ts';
import { doneScript } from '../journal/mirror.ts';
import { isClosed } from '../journal/progress.ts';
import { RunStore, type RunSummary } from '../journal/store.ts';
import { hostText } from '../plan/hosts.ts';
import { contactedNodes } from '../plan/plan.ts';
import { namesText } from '../render/fold-names.ts';
import { closeCommand } from '../run/again.ts';
import { connectNodes, type Connection } from '../run/connect.ts';
import { type Console, withConsole } from '../run/console.ts';
import { confirm, requireAnswerable } from '../run/control.ts';
import { type Left, type Leftover, lookForLeftovers } from '../run/leftovers.ts';
import { loadValidInventory, requireSameCluster } from '../run/load.ts';
import { type Locks, locksOf, refuseLocked, takeLocks } from '../run/locks.ts';
import {
  type CommonOptions,
  metricsOption,
  outputOptions,
  type Run,
  stateDir,
  type WatchOptions,
} from '../run/options.ts';
import { reopenRecord } from '../run/record.ts';
import { watchMetrics } from '../run/watch.ts';

interface Options extends CommonOptions, WatchOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

export function define(command: Command, run: Run): void {
  metricsOption(outputOptions(command.argument('<run-id>')))
    .option('-i, --inventory <file>', 'the nodes (else the inventory that the run was started with)')
    .option('--reason <text>', 'why it is not finished; journaled, and shown by status and resume')
    .option('-y, --yes', 'do not ask')
    .action((id: string, options: Options) => run(() => close(id, options)));
}

/**
 * Ends a run that will not be finished: shows what it left, undoes what is its own, and marks it as closed here and on
 * the nodes. It can be given again: what is done already is not done twice.
 */
function close(run: string, options: Options): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const store = new RunStore(stateDir(options));
    const summary = await store.read(run);
    const { plan, progress } = summary;
    requireOpen(summary);
    requireAnswerable(options.yes, 'runbook close');
    const inventory = await loadValidInventory(console, options.inventory ?? plan.inventory.file);
    requireSameCluster(inventory, plan);
    await watchMetrics(console, options, atEnd);
    const nodes = contactedNodes(plan);
    const connection = await connectNodes(console, {
      inventory,
      nodes,
      minors: [],
      stateDir: store.root,
      allowMissing: true,
    });
    atEnd(() => connection.links.close());
    const locks = locksOf(console, store, connection, inventory.value, nodes);
    const isSameRun = (holder: LockHolder): boolean => holder.run === run;
    await refuseLocked(locks, isSameRun);

    const look = (): Promise<Left> => lookForLeftovers(connection, inventory.value, plan, run, progress.steps);
    const seen = await look();
    refuseRunning(seen, run);
    showLeft(console, run, seen);
    if (options.yes !== true) await confirm(console, `Close run ${run} on ${plan.inventory.cluster}, and undo these?`);

    const wanted = { run, runbook: plan.runbook.name, epoch: progress.epoch + 1 };
    const held = await takeLocks(console, locks, wanted, { takeGone: isSameRun, watch: isSameRun });
    atEnd(() => held.release());
    const left = await look();
    refuseRunning(left, run);
    const undone = await undo(connection, left.undo);
    if (!isClosed((await store.read(run)).progress)) {
      const record = await reopenRecord(console, store, plan, held, locks);
      atEnd(() => record.journal.close());
      const reason = options.reason ?? 'it will not be finished';
      await record.journal.append({ type: 'run-abandoned', reason, by: held.holder.user });
      await record.mirror.flush();
    }
    const unmarked = await clear(connection, locks, left, run);
    return showEnd(console, summary, store.root, inventory.value.remoteDir, { left, undone, unmarked });
  });
}

/** @throws Failure (usage) for a run that never began or came to its end */
function requireOpen({ folder, progress }: RunSummary): void {
  if (progress.run === undefined) throw new Failure('usage', `run ${folder.id} never began: there is nothing to close`);
  if (progress.state === 'done') throw new Failure('usage', `run ${folder.id} is done: there is nothing to close`);
}

/** @throws Failure (unfinished-run) that says how to look */
function refuseRunning({ running }: Left, run: string): void {
  if (running.length === 0) return;
  throw new Failure(
    'unfinished-run',
    `${running.length === 1 ? `a step of run ${run} still runs` : `${running.length} steps of run ${run} still run`}; nothing was changed`,
    [
      ...running.map(({ node, id }) => `${hostText(node)}: ${id}`),
      `Look at it: runbook status ${run} --live`,
      `Wait until it has ended, then give the same command again; or continue the run: runbook resume ${run}`,
    ],
  );
}

function showLeft(console: Console, run: string, { undo: own, folders, unseen }: Left): void {
  const detail = [
    ...own.flatMap(({ what, on, commands }) => [
      what,
      ...commands.map((text) => `  $ ${text}${on === undefined ? '' : `   # on ${on}`}`),
    ]),
    ...(folders.length === 0 ? [] : [`what is kept of its steps on ${placesText(folders)}`]),
    ...unseen.map(({ node, problem }) => `not known${node === undefined ? '' : ` of ${node}`}: ${problem}`),
  ];
  console.info(detail.length === 0 ? `run ${run} left nothing behind` : `run ${run} left behind:`, detail);
}

function placesText(nodes: readonly string[]): string {
  return namesText(nodes.map(hostText));
}

interface Undone {
  readonly done: readonly Leftover[];
  readonly failed: readonly { readonly leftover: Leftover; readonly problem: string }[];
}

/** One after the other; what fails is told, and does not keep the others back. */
async function undo({ links, observer }: Connection, all: readonly Leftover[]): Promise<Undone> {
  const done: Leftover[] = [];
  const failed: { leftover: Leftover; problem: string }[] = [];
  for (const leftover of all) {
    try {
      const host = leftover.on ?? observer.kubectlHost();
      const { code, stderr } = await links.once(host, (remote) => remote.probe(leftover.script, { timeout: 60_000 }));
      if (code === 0) done.push(leftover);
      else failed.push({ leftover, problem: `exit ${code}: ${stderr.trim()}` });
    } catch (error) {
      failed.push({ leftover, problem: messageOf(error) });
    }
  }
  return { done, failed };
}

/** Marks the run as over on the nodes that keep it, and deletes scripts and output. @returns where it could not */
async function clear({ links }: Connection, { lockNodes }: Locks, { folders }: Left, run: string): Promise<string[]> {
  const { nodes, root, ask } = lockNodes;
  const marked = await askAll(
    nodes,
    ask,
    () => doneScript(root, run, 'abandoned'),
    () => undefined,
  );
  const swept = await Promise.all(
    folders.map((node) =>
      links
        .once(node, (remote) => remote.sweep(run))
        .then(
          () => [],
          () => [node],
        ),
    ),
  );
  return [...new Set([...marked.flatMap((answer) => ('problem' in answer ? [answer.node] : [])), ...swept.flat()])];
}

interface End {
  readonly left: Left;
  readonly undone: Undone;
  readonly unmarked: readonly string[];
}

function showEnd(
  console: Console,
  { folder, plan }: RunSummary,
  root: string,
  remoteDir: string,
  { left, undone, unmarked }: End,
): number {
  console.info(
    `closed run ${folder.id}`,
    undone.done.flatMap(({ commands }) => commands.map((text) => `done: ${text}`)),
  );
  const away = [...new Set([...left.unseen.flatMap(({ node }) => node ?? []), ...unmarked])];
  if (left.unseen.length === 0 && unmarked.length === 0 && undone.failed.length === 0) return 0;
  console.warn('not all of it could be undone', [
    ...undone.failed.flatMap(({ leftover, problem }) => [
      `${leftover.what}: ${problem}`,
      ...leftover.commands.map((text) => `  $ ${text}${leftover.on === undefined ? '' : `   # on ${leftover.on}`}`),
    ]),
    ...left.unseen.map(({ node, problem }) => `${node ?? plan.inventory.cluster}: ${problem}`),
    ...(away.length === 0
      ? []
      : [
          `On ${placesText(away)} the run's folder may be left, and a node may be cordoned by it:`,
          `  $ touch ${remoteDir}/${folder.id}/done   # on each of them`,
          `  $ kubectl get nodes -o yaml | grep ${folder.id}`,
        ]),
    `Once they answer, give the same command again: ${closeCommand(folder.id, root)}`,
  ]);
  return 1;
}
