import { randomUUID } from 'node:crypto';
import { putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import type { Place } from './places.ts';
import { moved, type TwinTime } from './time.ts';

/** The container runtime, and the units of systemd that were looked at. */
export async function writeServices(machine: Machine, { facts, object }: Place, time: TwinTime): Promise<void> {
  const { runtime, units = {} } = facts;
  const asked = runtime?.name === undefined ? undefined : `${runtime.name}://${runtime.version ?? ''}`;
  machine.containerRuntime = asked ?? object?.containerRuntime ?? machine.containerRuntime;
  if (runtime?.error !== undefined && object?.ready !== true) {
    const service = machine.services.get('containerd');
    if (service) machine.services.set('containerd', { ...service, active: 'inactive' });
  }
  for (const [given, unit] of Object.entries(units)) {
    const name = given.replace(/\.service$/, '');
    if (unit.load === 'not-found' || name === 'kubelet' || name === 'etcd') continue;
    const reload = unit.reloads ? 'ExecReload=/bin/true\n' : '';
    await putFile(machine, `/usr/lib/systemd/system/${name}.service`, `[Service]\nExecStart=/bin/true\n${reload}`);
    machine.services.set(name, {
      active: unit.active === 'active' || unit.active === 'failed' ? unit.active : 'inactive',
      startedAt: unit.startedAt === undefined ? 0 : moved(time, unit.startedAt),
      pid: machine.newPid(),
      invocation: randomUUID(),
      restarts: 0,
      enabled: unit.file === 'enabled',
      masked: unit.load === 'masked',
      lines: [],
    });
  }
}
