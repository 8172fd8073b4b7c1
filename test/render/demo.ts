/**
 * Plays a made-up run on the screen, for looking at the pretty renderer: compile with tsc, run in a terminal of 80x24.
 * `demo.js [nodes at a time] [workers] [milliseconds per tick]`
 */
import type { NewEvent, Outcome } from '../../src/event.ts';
import { createRenderer } from '../../src/render/create-renderer.ts';
import { samplePlan } from './samples.ts';
import type { PlanStep } from '../../src/plan/plan.ts';

const [atOnce = 1, workers = 2, tick = 150] = process.argv.slice(2).map(Number);
const renderer = await createRenderer({
  output: 'pretty',
  stdout: process.stdout,
  stderr: process.stderr,
  color: true,
  verbose: false,
  now: Date.now,
});
const emit = (event: NewEvent): void => renderer.render({ ...event, at: new Date().toISOString() });
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, tick));
const counts: Record<Outcome, number> = { changed: 0, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
const begin = Date.now();

async function play(step: PlanStep): Promise<void> {
  const ref = { step: step.id, node: step.node, title: step.title };
  if (step.id.endsWith('package-repo') && step.node === 'worker-1') {
    counts.unchanged += 1;
    emit({ type: 'step-finished', ...ref, outcome: 'unchanged', reason: 'v1.32 is configured', duration: 0 });
    return;
  }
  emit({ type: 'step-started', ...ref, attempt: 1, commands: step.commands, reattached: false });
  for (let line = 0; line < 12; line += 1) {
    const text =
      line < 5
        ? `${'Reading package lists and a long line 日本語テキスト '.repeat(3)}${line}\n`
        : `Static pod: kube-apiserver-${step.node} hash: 3f\u001b[2J\u001b[10;10H\n`;
    emit({ type: 'step-output', ...ref, stream: 'stdout', text });
    await pause();
    if (line === 8 && step.id === '4.4-drain') {
      emit({ type: 'connection-lost', node: step.node, reason: 'read ECONNRESET' });
      await pause();
      emit({ type: 'reconnected', node: step.node });
    }
  }
  const outcome = step.node === `worker-${workers}` && step.action === 'drain' ? 'failed' : 'changed';
  counts[outcome] += 1;
  emit({
    type: 'step-finished',
    ...ref,
    outcome,
    reason: outcome,
    duration: 12 * tick,
    log: '.runbook/runs/x/logs/a.log',
  });
  if (outcome === 'failed') throw new Error('failed');
}

const plan = samplePlan(workers);
emit({ type: 'connecting', nodes: plan.nodes.map(({ name }) => name) });
for (const { name } of plan.nodes) {
  await pause();
  emit({ type: 'connected', node: name });
}
emit({ type: 'facts', nodes: plan.nodes.map(({ name }) => name) });
await pause();
const steps = plan.phases.flatMap((phase) => phase.steps).length;
const nodes = plan.nodes.map(({ name }) => name);
emit({
  type: 'run-started',
  run: 'demo-1',
  runbook: 'upgrade-1.32',
  cluster: 'lab',
  resumed: false,
  nodes,
  steps,
  done: 0,
});
try {
  for (const phase of plan.phases) {
    const names = phase.batches.flat();
    emit({ type: 'phase-started', phase: phase.number, phases: plan.phases.length, name: phase.name, nodes: names });
    for (let first = 0; first < names.length; first += atOnce)
      await Promise.all(
        names.slice(first, first + atOnce).map(async (name) => {
          for (const step of phase.steps.filter((one) => one.node === name)) await play(step);
        }),
      );
    emit({ type: 'phase-finished', phase: phase.number, name: phase.name });
  }
} catch {
  emit({ type: 'stopping', reason: 'a step failed' });
}
emit({
  type: 'run-finished',
  run: 'demo-1',
  outcome: counts.failed > 0 ? 'failed' : 'done',
  counts,
  duration: Date.now() - begin,
  next: counts.failed > 0 ? ['runbook resume demo-1'] : [],
});
await renderer.close();
