import { work } from '../clock.ts';
import type { Machine } from '../machine.ts';

/** Updates of the operating system that the distribution offers: `NAME INSTALLED OFFERED`, one per line. */
export const osUpdatesFile = '/var/lib/lab/os-updates';
const duration = 500;

interface Process {
  readonly machine: Machine;
  readonly signal: AbortSignal;
  out(text: string): void;
}

/** The OS's part of `apt-get upgrade`; a new kernel asks for a reboot, as reboot-notifier does. */
export async function upgradeOs(context: Process, simulate: boolean): Promise<void> {
  const { machine } = context;
  const pending = await pendingUpdates(machine);
  if (simulate) {
    for (const [name, from, to] of pending) context.out(`Inst ${name} [${from}] (${to} Debian:12.8/stable [amd64])\n`);
    return;
  }
  if (pending.length === 0) return;
  await work(machine.clock, duration, context.signal);
  for (const [name, from, to] of pending)
    context.out(`Unpacking ${name} (${to}) over (${from}) ...\nSetting up ${name} (${to}) ...\n`);
  await machine.fs.writeFile(osUpdatesFile, '');
  const kernels = pending.map(([name]) => name).filter((name) => name?.startsWith('linux-image'));
  if (kernels.length === 0) return;
  await machine.fs.writeFile('/run/reboot-required', '*** System restart required ***\n');
  await machine.fs.writeFile('/run/reboot-required.pkgs', `${kernels.join('\n')}\n`);
}

export async function pendingUpdates(machine: Machine): Promise<string[][]> {
  if (!(await machine.fs.exists(osUpdatesFile))) return [];
  const text = await machine.fs.readFile(osUpdatesFile);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.split(' '));
}
