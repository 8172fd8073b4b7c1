import type { Command } from 'commander';
import { actions } from '../actions/registry.ts';
import type { Runbook, Step } from '../documents/model.ts';
import { renderRunbook } from '../render/runbook.ts';
import { headerOf } from '../render/runbook-header.ts';
import { durationText } from '../duration.ts';
import { windowText } from '../plan/pace.ts';
import { withConsole } from '../run/console.ts';
import { loadValidRunbook } from '../run/load.ts';
import { type CommonOptions, outputOptions, type Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('<runbook.yaml>', "a path, or a file's name in ./runbooks")).action(
    (file: string, options: CommonOptions) => run(() => show(file, options)),
  );
}

/** Reads the document alone: no inventory, no node. */
function show(argument: string, options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const { file, text, value } = await loadValidRunbook(console, argument);
    const view = { file, header: headerOf(text), ...viewOf(value) };
    if (options.output === 'json') console.print(`${JSON.stringify(view)}\n`);
    else console.print(renderRunbook(view, console.look));
    return 0;
  });
}

function viewOf({ name, description = '', inputs, hops, window, phases }: Runbook) {
  return {
    name,
    description,
    hops: hops?.to ?? null,
    window: window ? windowText({ ...window, timezone: window.timezone ?? 'the time zone here' }) : null,
    inputs: Object.entries(inputs).map(([input, spec]) => ({
      name: input,
      type: spec.type,
      required: spec.default === undefined,
      default: spec.default ?? null,
      enum: spec.enum ?? [],
      description: spec.description ?? '',
    })),
    phases: phases.map((phase) => ({
      name: phase.name,
      nodes: phase.nodes,
      serial: phase.serial,
      maxFailures: phase.maxFailures,
      pause: typeof phase.pause === 'number' ? durationText(phase.pause) : (phase.pause ?? null),
      gate: phase.gate ? (phase.gate.http?.url ?? phase.gate.run ?? '') : null,
      if: phase.if ?? null,
      steps: phase.steps.map(stepView),
      always: (phase.always ?? []).map(stepView),
    })),
  };
}

function stepView(step: Step) {
  const from = step.frame?.included?.file ?? null;
  return { title: titleOf(step), if: step.if ?? null, from, forEach: step.forEach ?? null };
}

function titleOf(step: Step): string {
  if (step.kind === 'run' && step.script !== undefined) return step.name ?? `script: ${step.script}`;
  if (step.kind === 'run') return step.name ?? `run: ${step.run.trim().split('\n')[0] ?? ''}`;
  const summary = actions.get(step.uses)?.summary ?? '';
  return step.name === undefined ? `${step.uses}: ${summary}` : `${step.name} (${step.uses})`;
}
