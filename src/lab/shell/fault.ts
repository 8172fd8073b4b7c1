import type { FaultEffect } from '../audit.ts';
import { reboot } from '../boot.ts';
import { forever, Killed } from '../clock.ts';
import type { Machine } from '../machine.ts';

interface Process {
  readonly signal: AbortSignal;
  err(text: string): void;
}

/** Runs a tool, or what a fault that waits for its line makes of it. @throws Killed */
export async function withFault(
  machine: Machine,
  line: string,
  context: Process,
  tool: () => Promise<number> | number,
): Promise<number> {
  return (await strike(machine, machine.audit.takeFault(line), context)) ?? tool();
}

/** What a fault does to a command. @returns the exit code that it ends with; undefined: it continues @throws Killed */
export async function strike(
  machine: Machine,
  fault: FaultEffect | undefined,
  context: Process,
): Promise<number | undefined> {
  switch (fault?.kind) {
    case undefined:
      break;
    case 'exit':
      context.err(`error: a fault of the lab ended this command with exit code ${fault.code}\n`);
      return fault.code;
    case 'disconnect':
      machine.dropConnections();
      break;
    case 'hang':
      await forever(context.signal);
      break;
    case 'reboot':
      reboot(machine);
      throw new Killed();
    case 'slow':
      await machine.clock.sleep(fault.ms, context.signal);
      break;
  }
  return undefined;
}
