import { randomUUID } from 'node:crypto';
import type { Machine } from './machine.ts';
import { installedContainerd } from './runtime-packages.ts';

/** A service of systemd beside the kubelet and an external etcd, which have states of their own. */
export interface Service {
  readonly active: 'active' | 'inactive' | 'failed';
  readonly startedAt: number;
  readonly pid: number;
  readonly invocation: string;
  /** What NRestarts counts: by systemd itself. */
  readonly restarts: number;
  readonly enabled: boolean;
  readonly masked: boolean;
  /** Its journal. */
  readonly lines: readonly string[];
}

const folders = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

export async function unitFileOf(machine: Machine, name: string): Promise<string | undefined> {
  const file = /\.(service|socket|timer)$/.test(name) ? name : `${name}.service`;
  for (const folder of folders) if (await machine.fs.exists(`${folder}/${file}`)) return `${folder}/${file}`;
  return undefined;
}

/** The state of a unit that has a file; a new one has never run. */
export async function serviceOf(machine: Machine, name: string): Promise<Service | undefined> {
  const known = machine.services.get(name);
  if (known || (await unitFileOf(machine, name)) === undefined) return known;
  const fresh: Service = { ...stopped(), enabled: false, masked: false };
  machine.services.set(name, fresh);
  return fresh;
}

function stopped() {
  return { active: 'inactive' as const, startedAt: 0, pid: 0, invocation: '', restarts: 0, lines: [] };
}

/** As the packages leave it on a node. */
export function containerdService(machine: Machine): Service {
  const { bootedAt } = machine;
  return {
    ...stopped(),
    active: 'active',
    startedAt: bootedAt,
    pid: 610,
    invocation: randomUUID(),
    enabled: true,
    masked: false,
  };
}

/**
 * Starts it again. What its ExecStart= names must be there, and `false` ends at once; containers live on while
 * containerd restarts, and the kubelet sees its new release a little later.
 */
export async function startService(machine: Machine, name: string, service: Service): Promise<void> {
  const exec = /^ExecStart=-?(\S+)/m.exec(await unitText(machine, name))?.[1];
  const now = machine.clock.now();
  const missing = exec !== undefined && !(await machine.fs.exists(exec));
  const ends = exec !== undefined && exec.endsWith('/false');
  machine.services.set(name, {
    ...service,
    active: missing || ends ? 'failed' : 'active',
    startedAt: now,
    pid: machine.newPid(),
    invocation: randomUUID(),
    restarts: 0,
    lines: [
      ...service.lines,
      `Started ${name}.service.`,
      ...(missing ? [`${name}.service: Failed at step EXEC spawning ${exec}: No such file or directory`] : []),
      ...(ends ? [`${name}.service: Main process exited, code=exited, status=1/FAILURE`] : []),
    ],
  });
  const runtime = name === 'containerd' ? installedContainerd(machine) : undefined;
  if (runtime === undefined) return;
  machine.earlierRuntime = machine.containerRuntime;
  machine.containerRuntime = `containerd://${runtime}`;
}

export function stopService(machine: Machine, name: string, service: Service): void {
  const lines = [...service.lines, `Stopped ${name}.service.`];
  machine.services.set(name, { ...service, active: 'inactive', pid: 0, lines });
}

async function unitText(machine: Machine, name: string): Promise<string> {
  const file = await unitFileOf(machine, name);
  return file === undefined ? '' : machine.fs.readFile(file);
}

/** After a boot what is enabled runs. */
export function bootServices(machine: Machine): void {
  for (const [name, service] of machine.services) {
    const runs = service.enabled && !service.masked;
    machine.services.set(name, {
      ...service,
      active: runs ? 'active' : 'inactive',
      startedAt: runs ? machine.bootedAt : 0,
      restarts: 0,
      ...(runs ? { invocation: randomUUID() } : {}),
    });
  }
  const runtime = installedContainerd(machine);
  if (runtime !== undefined && machine.services.get('containerd')?.active === 'active')
    machine.containerRuntime = `containerd://${runtime}`;
}

/** What the kubelet has reported of its runtime: it asks again about once a second of the lab. */
export function reportedRuntime(machine: Machine): string {
  const isAsked = machine.clock.now() >= runtimeAskedAt(machine);
  const runtime = isAsked ? machine.containerRuntime : (machine.earlierRuntime ?? machine.containerRuntime);
  const [name = '', version = ''] = runtime.split('://');
  // Of what is no semantic version it understands the numbers ahead.
  return SEMANTIC.test(version) ? runtime : `${name}://${/^[\d.]*\d/.exec(version)?.[0] ?? version}`;
}

const SEMANTIC = /^\d+\.\d+\.\d+(-[\dA-Za-z.-]+)?(\+[\dA-Za-z.-]+)?$/;

/** When (milliseconds since the epoch) it asked first after the runtime's last start. */
export function runtimeAskedAt({ services, clock }: Machine): number {
  return (services.get('containerd')?.startedAt ?? 0) + 1000 / clock.scale;
}
