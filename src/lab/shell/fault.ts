import { forever, Killed } from '../clock.ts';
import type { Machine } from '../machine.ts';
import type { Tool, ToolContext } from './shell.ts';

/** Runs a tool, or what a fault that waits for its line makes of it. @throws Killed */
export async function withFault(machine: Machine, line: string, context: ToolContext, tool: Tool): Promise<number> {
  const fault = machine.audit.takeFault(line);
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
      machine.reboot();
      throw new Killed();
    case 'slow':
      await machine.clock.sleep(fault.ms, context.signal);
      break;
  }
  return tool(context);
}
