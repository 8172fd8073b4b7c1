import { createInterface } from 'node:readline/promises';
import { Failure } from '../failure.ts';
import type { Control } from '../engine/context.ts';
import { actions } from '../actions/registry.ts';
import type { Facts } from '../facts/facts.ts';
import { compareVersions } from '../facts/lib/version.ts';
import { estimatePlan } from '../plan/estimate.ts';
import type { Plan } from '../plan/plan.ts';
import { renderPlan, renderPlanSummary } from '../render/plan.ts';
import type { Prospect } from '../render/plan-question.ts';
import { escapeControls, splitLines } from '../render/text.ts';
import type { Console } from './console.ts';

/** What asks a command to end. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

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

/**
 * Without a terminal no one can answer, so `--yes` is needed. @param look the command that shows what would be done
 * @throws Failure (usage)
 */
export function requireAnswerable(yes: boolean | undefined, command: string, look = 'runbook plan'): void {
  if (yes === true || (process.stdin.isTTY && process.stderr.isTTY)) return;
  throw new Failure('usage', `\`${command}\` asks before it changes anything, and there is no terminal to ask on`, [
    `Look at \`${look}\` first, then give --yes.`,
  ]);
}

/** Shows what will be done, and asks. @throws Failure (cancelled) for anything but yes */
export async function confirmPlan(
  console: Console,
  plan: Plan,
  { question, ...known }: Omit<Prospect, 'expected'> & { readonly question: string },
): Promise<void> {
  const prospect = { ...known, expected: estimatePlan(plan, actions, known.isSettled) };
  console.renderer.pause();
  if (console.look.verbose) console.print(renderPlan(plan, console.look));
  console.print(renderPlanSummary(plan, prospect, console.look));
  console.renderer.resume();
  await confirm(console, question);
}

/** Releases of kubelets and API servers as facts have them, the oldest first. */
export function releasesIn({ cluster }: Facts): string[] {
  const kubelets = cluster?.nodes?.map((node) => node.kubeletVersion) ?? [];
  const servers = cluster?.apiServers?.flatMap(({ version }) => version ?? []) ?? [];
  return [...new Set([...kubelets, ...servers])].toSorted(compareVersions);
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
