import type { Command } from 'commander';
import { beginPlanning } from '../journal/planning.ts';
import { measuredOn } from '../journal/durations.ts';
import { RunStore } from '../journal/store.ts';
import { type BoundOptions, isClosed, parseBounds } from '../run/bounds.ts';
import { checkApprovals, requirePlannedAnswers } from '../run/approvals.ts';
import { draftWindow } from '../plan/window.ts';
import { thisCommand } from '../run/again.ts';
import { connectNodes } from '../run/connect.ts';
import { withConsole } from '../run/console.ts';
import { confirmPlan, releasesIn, requireAnswerable } from '../run/control.ts';
import { execute } from '../run/execute.ts';
import { readFacts, refuseMovedFacts } from '../run/facts.ts';
import { loadDocuments } from '../run/load.ts';
import { locksOf, refuseLocked, takeLocks } from '../run/locks.ts';
import {
  approveOption,
  boundOptions,
  type CommonOptions,
  documentOptions,
  metricsOption,
  overrideOption,
  planDigestOption,
  type Run,
  stateDir,
  type WatchOptions,
} from '../run/options.ts';
import { OwnCommands } from '../run/own-commands.ts';
import { hasChanges, lookOver, planOf, requireNoRefusal, showFindings } from '../run/plan.ts';
import { showRehearsal } from '../run/show-rehearsal.ts';
import { requirePlanDigest } from '../run/plan-digest.ts';
import { createRecord, newRunId } from '../run/record.ts';
import { refuseMovedPlan } from '../run/saved-plan.ts';
import { readSecrets } from '../run/secret-sources.ts';
import { scopeOf } from '../run/scope.ts';
import { watchRun } from '../run/watch.ts';
import { abandon, findUnfinished, newRunPolicy, refuseStillRunning, refuseUnfinished } from '../run/unfinished.ts';
import { plan as dryRun } from './plan.ts';

interface Options extends CommonOptions, BoundOptions, WatchOptions {
  readonly approve: readonly string[];
  readonly dryRun?: boolean;
  readonly new?: boolean;
  readonly planDigest?: string;
  readonly yes?: boolean;
}

export function define(command: Command, run: Run): void {
  const words = "a path, a file's name in ./runbooks, or a plan saved by `runbook plan -o`";
  const common = approveOption(documentOptions(command.argument('<runbook.yaml | plan.json>', words)));
  metricsOption(boundOptions(planDigestOption(overrideOption(common))))
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'the same as `runbook plan`')
    .option('--new', 'abandon an unfinished run of this runbook and start over')
    .action((file: string, { dryRun: isDry, ...options }: Options) =>
      run(() => (isDry === true ? dryRun(file, options) : apply(file, options))),
    );
}

/** The order is a contract: an exit code states how far it came, and so what was contacted or changed. */
function apply(file: string, options: Options): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const documents = await loadDocuments(console, file, options);
    const { runbook, inventory, saved } = documents;
    const bounds = parseBounds(options, Date.now());
    requireAnswerable(options.yes, 'runbook apply');
    checkApprovals(options.approve, documents, 'runbook apply');
    if (isClosed(console, saved?.plan.window ?? draftWindow(runbook, documents.inputs), Date.now())) return 0;
    const scope = scopeOf(documents);
    const store = new RunStore(stateDir(options));
    await watchRun(console, options, atEnd);

    const planned = await beginPlanning(store.root, {
      runbook: runbook.value.name,
      cluster: inventory.value.cluster,
      command: thisCommand(),
    });
    atEnd(planned);
    const connection = await connectNodes(console, { ...scope, inventory, stateDir: store.root, reconnect: true });
    atEnd(() => connection.links.close());
    const locks = locksOf(console, store, connection, inventory.value, scope.nodes);
    const seen = await refuseLocked(locks);
    const unfinished = await findUnfinished(store, locks, documents);
    if (options.new === true) await refuseStillRunning(connection.links, scope.nodes, unfinished);
    else refuseUnfinished(unfinished, documents, store.root);

    const reading = await readFacts(console, documents, connection.observer, scope);
    const own = new OwnCommands(console, { ...connection, ...reading });
    const measured = await measuredOn(store, inventory.value.cluster);
    const now = await planOf(own, documents, scope, reading, lookOver(connection.links), measured);
    if (saved) refuseMovedPlan(saved, now);
    const plan = saved?.plan ?? now;
    requirePlanDigest(options.planDigest, plan, 'guard-refused');
    showFindings(console, now);
    requireNoRefusal(now);
    if (hasChanges(plan)) await showRehearsal(console, store.root, plan, measured);
    requirePlannedAnswers(options.approve, plan, 'runbook apply');
    await readSecrets(console, plan, ({ predicted }) => predicted.outcome === 'change');
    if (hasChanges(plan) && options.yes !== true)
      await confirmPlan(
        console,
        { ...plan, findings: now.findings },
        {
          question: `Run this on ${plan.inventory.cluster}?`,
          from: releasesIn(reading.facts),
          isSettled: () => false,
        },
      );

    const wanted = { run: newRunId(plan), runbook: plan.runbook.name, epoch: 1 };
    const held = await takeLocks(console, locks, wanted, newRunPolicy(unfinished), seen);
    atEnd(() => held.release());
    // Where nothing is to be done, no one was asked, and no guard stands before anything: the facts are of just now.
    const facts = hasChanges(plan) ? await refuseMovedFacts(console, reading, scope) : reading.facts;
    await abandon(unfinished, locks);
    const record = await createRecord(console, store, plan, reading.facts, held, locks);
    atEnd(() => record.journal.close());
    await planned();
    return execute(console, {
      ...connection,
      observer: reading.observer,
      facts,
      plan,
      inventory: inventory.value,
      store,
      held,
      record,
      bounds,
      approve: options.approve,
    });
  });
}
