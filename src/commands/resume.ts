import type { Command } from 'commander';
import type { LockHolder } from '../journal/lock.ts';
import { openSteps } from '../journal/passes.ts';
import { isUnfinished, RunStore } from '../journal/store.ts';
import { actions } from '../actions/registry.ts';
import { minorsOfPlan } from '../plan/needs.ts';
import { contactedNodes } from '../plan/plan.ts';
import { checkPlannedApprovals } from '../run/approvals.ts';
import { type BoundOptions, isClosed, parseBounds } from '../run/bounds.ts';
import { connectNodes } from '../run/connect.ts';
import { withConsole } from '../run/console.ts';
import { confirmPlan, releasesIn, requireAnswerable } from '../run/control.ts';
import { lastFacts } from '../run/summary.ts';
import { execute } from '../run/execute.ts';
import { findRun } from '../run/find-run.ts';
import { showForeignPlan } from '../run/foreign-plan.ts';
import { takeNewerCopy } from '../run/from-nodes.ts';
import { loadValidInventory, requireSameCluster } from '../run/load.ts';
import { locksOf, refuseLocked, takeLocks } from '../run/locks.ts';
import {
  approveOption,
  boundOptions,
  type CommonOptions,
  metricsOption,
  outputOptions,
  planDigestOption,
  repeated,
  type Run,
  stateDir,
  type WatchOptions,
} from '../run/options.ts';
import { parsePlanDigest, requirePlanDigest } from '../run/plan-digest.ts';
import { reopenRecord } from '../run/record.ts';
import { refuseUnfinishedElsewhere } from '../run/nothing-here.ts';
import { type Nothing, overOf } from '../run/run-over.ts';
import { readSecrets } from '../run/secret-sources.ts';
import { watchRun } from '../run/watch.ts';
import { applyTreats, parseTreats, requireTreatable, warnOfEdits } from '../run/treat.ts';

interface Options extends CommonOptions, BoundOptions, WatchOptions {
  readonly approve: readonly string[];
  readonly planDigest?: string;
  readonly treat: readonly string[];
  readonly yes?: boolean;
}

export function define(command: Command, run: Run): void {
  metricsOption(boundOptions(planDigestOption(approveOption(outputOptions(command.argument('[run-id]'))))))
    .option('-i, --inventory <file>', 'the nodes (else the inventory that the run was started with)')
    .option('-y, --yes', 'do not ask')
    .option(
      '--treat <node/step=answer>',
      'answer for a step that failed, or whose outcome is unknown: done, again, or skip:REASON; may be repeated',
      repeated,
      [],
    )
    .action((id: string | undefined, options: Options) => run(() => resume(id, options)));
}

/** Continues a run by its frozen plan and its journal; with -i also one that only the nodes know. */
function resume(id: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const nothing = (found: Nothing): number => {
      console.emit({ type: 'nothing-to-resume', ...found });
      return 0;
    };
    const bounds = parseBounds(options, Date.now());
    const store = new RunStore(stateDir(options));
    const given = options.inventory === undefined ? undefined : await loadValidInventory(console, options.inventory);
    const planDigest = parsePlanDigest(options.planDigest);
    const found = await findRun(console, store, { run: id, planDigest }, given, options.yes);
    if ('state' in found) {
      if (id === undefined) await refuseUnfinishedElsewhere(console, store, given?.value.cluster);
      return nothing(found);
    }
    const { run, plan } = found;
    requirePlanDigest(planDigest, plan, 'usage');
    if (isClosed(console, plan.window, Date.now())) return 0;
    const inventory = given ?? (await loadValidInventory(console, plan.inventory.file));
    const treats = parseTreats(options.treat, plan);
    requireTreatable(found.steps, treats);
    requireSameCluster(inventory, plan);
    warnOfEdits(console, plan, inventory);
    requireAnswerable(options.yes, 'runbook resume');
    checkPlannedApprovals(options.approve, plan, 'runbook resume', found.steps);
    if (found.from.length > 0) await showForeignPlan(console, found, inventory.value, planDigest);

    await watchRun(console, options, atEnd);
    const open = openSteps(plan, found.steps);
    await readSecrets(console, plan, (step) => open.has(step));
    const nodes = contactedNodes(plan);
    const connection = await connectNodes(console, {
      inventory,
      nodes,
      minors: minorsOfPlan(plan, actions),
      stateDir: store.root,
      reconnect: true,
      allowMissing: true,
    });
    atEnd(() => connection.links.close());
    const locks = locksOf(console, store, connection, inventory.value, nodes);
    const isSameRun = (holder: LockHolder): boolean => holder.run === run;
    const seen = await refuseLocked(locks, isSameRun);
    if (!locks.nodes) console.info('no node holds a lock of this run: only this state folder is locked');
    if (options.yes !== true) {
      const facts = await lastFacts({ folder: store.folder(run) });
      await confirmPlan(console, plan, {
        question: `Continue run ${run} on ${plan.inventory.cluster}?`,
        from: facts ? releasesIn(facts) : [],
        isSettled: (step) => !open.has(step),
        isResumed: true,
      });
    }

    const held = await takeLocks(
      console,
      locks,
      { run, runbook: plan.runbook.name, epoch: found.epoch + 1 },
      { takeGone: isSameRun, watch: isSameRun },
      seen,
    );
    atEnd(() => held.release());
    await takeNewerCopy(console, store, found, locks, connection, planDigest);
    const { progress } = await store.read(run);
    if (!isUnfinished(progress)) return nothing(overOf(run, progress));
    const record = await reopenRecord(console, store, plan, held, locks);
    atEnd(() => record.journal.close());
    await applyTreats(console, record, treats, held.holder.user);
    return execute(console, {
      ...connection,
      plan,
      inventory: inventory.value,
      store,
      held,
      record,
      facts: undefined,
      bounds,
      approve: options.approve,
    });
  });
}
