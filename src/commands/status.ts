import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../facts/facts.ts';
import { isSettled } from '../journal/progress.ts';
import { isUnfinished, RunStore, type RunSummary } from '../journal/store.ts';
import { stepKey } from '../plan/key.ts';
import { type RunRow, renderRuns, renderStatus, type StepStatus } from '../render/status.ts';
import { Failure } from '../failure.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, stateDir } from '../run/options.ts';

export function status(id: string | undefined, options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const store = new RunStore(stateDir(options));
    const latest = id ?? (await store.ids())[0];
    if (latest === undefined) throw new Failure('usage', `no runs are known in ${store.root}`);
    const run = await store.read(latest);
    const { plan, progress } = run;
    const outcomes = outcomesOf(run);
    const versions = await versionsOfRun(run);
    const view = {
      run: run.folder.id,
      runbook: plan.runbook.name,
      cluster: plan.inventory.cluster,
      state: stateOf(run),
      startedAt: progress.startedAt ?? plan.createdAt,
      next: isUnfinished(progress) ? [`runbook resume ${run.folder.id}`] : [],
    };
    if (options.output === 'json') {
      const steps = stepRows(run, outcomes);
      const overrides = plan.overrides ?? [];
      console.print(`${JSON.stringify({ ...view, overrides, versions: Object.fromEntries(versions), steps })}\n`);
    } else console.print(renderStatus({ ...view, outcomes, versions, plan }, console.look));
    return 0;
  });
}

function stepRows(run: RunSummary, outcomes: ReadonlyMap<string, StepStatus>) {
  const pending: StepStatus = { outcome: 'pending', attempt: 0, reason: '' };
  return run.plan.phases.flatMap(({ number, steps }) =>
    steps.map(({ node, id, title }) => ({
      phase: number,
      node,
      step: id,
      title,
      ...(outcomes.get(stepKey(node, id)) ?? pending),
    })),
  );
}

export function runs(options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const store = new RunStore(stateDir(options));
    const rows: RunRow[] = [];
    for (const id of await store.ids()) {
      try {
        rows.push(rowOf(await store.read(id)));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        const text = `run ${id} cannot be read: ${error.message}`;
        console.emit({ type: 'message', level: 'warning', text, detail: [] });
      }
    }
    if (options.output === 'json') console.print(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else if (rows.length === 0) console.print(`no runs are known in ${store.root}\n`);
    else console.print(renderRuns(rows, console.look));
    return 0;
  });
}

function rowOf(run: RunSummary): RunRow {
  const steps = run.plan.phases.flatMap((phase) => phase.steps);
  return {
    run: run.folder.id,
    runbook: run.plan.runbook.name,
    cluster: run.plan.inventory.cluster,
    state: stateOf(run),
    startedAt: run.progress.startedAt ?? run.plan.createdAt,
    done: [...run.progress.steps.values()].filter((step) => isSettled(step.outcome)).length,
    steps: steps.length,
    nodes: run.plan.nodes.map((node) => node.name),
  };
}

/** A stopped run with a failed step is called `failed`. */
function stateOf({ progress }: RunSummary): string {
  if (progress.run === undefined) return 'not started';
  const outcomes = [...progress.steps.values()].map((step) => step.outcome);
  if (progress.state === 'stopped' && outcomes.includes('unknown')) return 'unknown';
  if (progress.state === 'stopped' && outcomes.includes('failed')) return 'failed';
  return progress.state;
}

function outcomesOf({ progress }: RunSummary): Map<string, StepStatus> {
  return new Map(
    [...progress.steps].map(([key, step]) => [
      key,
      {
        // In a run that goes on, a step whose attempt has ended is being verified, or is waited for.
        outcome:
          step.outcome ?? (step.last && (!step.last.ended || progress.state === 'running') ? 'running' : 'pending'),
        attempt: step.attempts,
        reason: step.reason ?? '',
      },
    ]),
  );
}

/** Versions as the run saw them last (facts.json). */
async function versionsOfRun(run: RunSummary): Promise<Map<string, string>> {
  const text = await readFile(join(run.folder.path, 'facts.json'), 'utf8').catch(() => undefined);
  const versions = new Map<string, string>();
  if (text === undefined) return versions;
  const facts = parseFacts(text);
  for (const [name, node] of Object.entries(facts?.nodes ?? {})) {
    const { kubeadm, kubelet } = node.binaries ?? {};
    const parts = [kubeadm && `kubeadm ${kubeadm}`, kubelet && `kubelet ${kubelet}`].filter(Boolean);
    if (parts.length > 0) versions.set(name, parts.join(', '));
  }
  return versions;
}

/** Written by this program; a damaged file only costs the versions. */
function parseFacts(text: string): Facts | undefined {
  try {
    const value: Facts = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
