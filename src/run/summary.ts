import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '../facts/facts.ts';
import { isSettled } from '../journal/progress.ts';
import type { RunSummary } from '../journal/store.ts';
import { stepKey } from '../plan/key.ts';
import type { RunRow, StepStatus } from '../render/status.ts';

export function rowOf(run: RunSummary): RunRow {
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
export function stateOf({ progress }: RunSummary): string {
  if (progress.run === undefined) return 'not started';
  const outcomes = [...progress.steps.values()].map((step) => step.outcome);
  if (progress.state === 'stopped' && outcomes.includes('unknown')) return 'unknown';
  if (progress.state === 'stopped' && outcomes.includes('failed')) return 'failed';
  return progress.state;
}

export function outcomesOf({ progress }: RunSummary): Map<string, StepStatus> {
  return new Map(
    [...progress.steps].map(([key, step]) => [
      key,
      {
        // While the run is running, a step whose attempt has ended is being verified, or is waited for.
        outcome:
          step.outcome ?? (step.last && (!step.last.ended || progress.state === 'running') ? 'running' : 'pending'),
        attempt: step.attempts,
        reason: step.reason ?? '',
      },
    ]),
  );
}

/** The steps of `status --output json`, in the plan's order. */
export function stepRows(run: RunSummary) {
  const outcomes = outcomesOf(run);
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

/** Versions as the run read them last (facts.json). */
export async function versionsOf(run: RunSummary): Promise<Map<string, string>> {
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

/** This program wrote it; without it only the versions are missing. */
function parseFacts(text: string): Facts | undefined {
  try {
    const value: Facts = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
