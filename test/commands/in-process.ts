import { vi } from 'vitest';
import { parseFaultEffect } from '../../src/lab/audit.ts';
import type { LabOptions } from '../../src/lab/lab.ts';
import { plantProblem } from '../../src/lab/problems.ts';
import type { NodeState } from '../../src/lab/state.ts';
import { main } from '../../src/main.ts';
import type { CliResult } from './cli.ts';
import { openLab } from './open-lab.ts';

let last: Promise<unknown> = Promise.resolve();

/** Runs the program in this process, which saves its start. One call after the other, as argv and stdout are shared. */
export function runbook(args: readonly string[]): Promise<CliResult> {
  const call = last.then(() => runAlone(args));
  last = call.catch(() => undefined);
  return call;
}

async function runAlone(args: readonly string[]): Promise<CliResult> {
  const { argv, exitCode } = process;
  const printed = { stdout: '', stderr: '', all: '' };
  const keep = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk, ...rest: readonly unknown[]) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      printed[stream] += text;
      printed.all += text;
      const written = rest.at(-1);
      if (typeof written === 'function') process.nextTick(written);
      return true;
    });
  const kept = [keep('stdout'), keep('stderr')];
  try {
    process.argv = [process.execPath, 'runbook', ...args];
    await main(args);
    return { code: Number(process.exitCode ?? 0), ...trimmed(printed) };
  } finally {
    for (const one of kept) one.mockRestore();
    process.argv = argv;
    process.exitCode = exitCode;
  }
}

/** Without the last newline, as execa gives the output of a process. */
function trimmed<T extends Readonly<Record<string, string>>>(printed: T): T {
  return Object.fromEntries(Object.entries(printed).map(([name, text]) => [name, text.replace(/\n$/, '')])) as T;
}

/** A lab of its own for one test in this process, gone afterwards. */
export async function labUp(options: LabOptions = {}) {
  const { lab, inventory } = await openLab({ timeScale: 50, ...options });
  const nodes = async (): Promise<readonly NodeState[]> => (await lab.state()).nodes;
  return {
    inventory,
    nodes,
    node: async (name: string): Promise<NodeState> => {
      const node = (await nodes()).find((candidate) => candidate.name === name);
      if (!node) throw new Error(`the lab has no node ${name}`);
      return node;
    },
    /** Lets commands fail, hang, lose their connection: `runbook lab fault`. */
    fault: (node: string, on: string, what: string, times = 1, phase?: string): void => {
      const effect = parseFaultEffect(what);
      if (!effect) throw new Error(`no fault ${what}`);
      lab.addFault(node, { on: new RegExp(on), effect, times, ...(phase !== undefined && { phase }) });
    },
    plant: (problem: string): Promise<void> => plantProblem(lab.world, problem),
  };
}

export type Lab = Awaited<ReturnType<typeof labUp>>;
