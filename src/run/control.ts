import { createInterface } from 'node:readline/promises';
import { Failure } from '../failure.ts';
import type { Control } from '../engine/context.ts';
import type { Plan } from '../plan/plan.ts';
import { renderPlan, renderPlanSummary } from '../render/plan.ts';
import { escapeControls, splitLines } from '../render/text.ts';
import type { Console } from './console.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C once: finish the running step, then stop; twice: leave it running and end. SIGTERM and SIGHUP likewise. */
export function listenForStop(console: Console): { readonly control: Control; dispose(): void } {
  const stop = new AbortController();
  const leave = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stop.signal.aborted) {
      stop.abort();
      const again = signal === 'SIGINT' ? ' (Ctrl-C again: leave it running on its node and end now)' : '';
      console.emit({ type: 'stopping', reason: `${signal}: finishing what runs on the nodes, then stopping${again}` });
    } else if (!leave.signal.aborted) {
      leave.abort();
      console.emit({ type: 'stopping', reason: `${signal} again: the running step continues by itself on its node` });
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    control: { stop: stop.signal, leave: leave.signal },
    dispose: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}

/** Without a terminal no one can answer, so `--yes` is needed. @throws Failure (usage) */
export function requireAnswerable(yes: boolean | undefined, command: string): void {
  if (yes === true || (process.stdin.isTTY && process.stderr.isTTY)) return;
  throw new Failure('usage', `\`${command}\` asks before it changes anything, and there is no terminal to ask on`, [
    'Look at `runbook plan` first, then give --yes.',
  ]);
}

/** Shows what will be done, and asks. @throws Failure (cancelled) for anything but yes */
export async function confirmPlan(console: Console, plan: Plan): Promise<void> {
  console.renderer.pause();
  console.print(console.look.verbose ? renderPlan(plan, console.look) : renderPlanSummary(plan, console.look));
  console.renderer.resume();
  await confirm(console, `Run this on ${plan.inventory.cluster}?`);
}

/** Asks on the terminal. @throws Failure (cancelled) for anything but yes. */
export async function confirm(console: Console, question: string): Promise<void> {
  console.renderer.pause();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const cancelled = new AbortController();
  terminal.on('SIGINT', () => {
    cancelled.abort();
  });
  terminal.on('close', () => {
    cancelled.abort();
  });
  try {
    const answer = await terminal.question(`${splitLines(question).map(escapeControls).join('\n')} [y/N] `, {
      signal: cancelled.signal,
    });
    if (/^(y|yes)$/i.test(answer.trim())) return;
    throw new Failure('cancelled', 'not confirmed; nothing was changed');
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('cancelled', 'not confirmed; nothing was changed');
  } finally {
    terminal.close();
    console.renderer.resume();
  }
}
