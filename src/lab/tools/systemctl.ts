import { reboot as rebootMachine } from '../boot.ts';
import { work } from '../clock.ts';
import { etcdUnitFile } from '../etcd-external.ts';
import { startEtcdUnit, stopEtcdUnit } from '../etcd-process.ts';
import { startKubelet } from '../kubelet-start.ts';
import type { Machine } from '../machine.ts';
import { serviceOf, startService, stopService, unitFileOf } from '../services.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { nodeCondition } from '../node-status.ts';

const restartWork = 200;

/** systemd's own way to write a time. */
function systemdTime(ms: number): string {
  const date = new Date(ms);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()];
  return `${day} ${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 19)} UTC`;
}

/** What systemd says of a unit: of the kubelet, of an external etcd, or of any that has a file. */
async function properties(machine: Machine, unit: string): Promise<Record<string, string>> {
  const etcd = unit === 'etcd' ? machine.etcd.unit : undefined;
  const isKubelet = unit === 'kubelet' && machine.role !== 'other';
  const service = etcd || isKubelet ? undefined : await serviceOf(machine, unit);
  const known = etcd !== undefined || isKubelet || service !== undefined;
  const running = etcd?.active ?? (isKubelet ? machine.kubelet.stoppedAt === undefined : service?.active === 'active');
  const since = etcd?.startedAt ?? (isKubelet ? machine.kubelet.startedAt : (service?.startedAt ?? 0));
  const active = running ? 'active' : service?.active === 'failed' ? 'failed' : 'inactive';
  const pid = etcd?.pid ?? (isKubelet ? machine.kubelet.pid : service?.pid);
  const monotonic = String(Math.max(0, Math.round((since - machine.bootedAt) * 1000)));
  const file = service === undefined || service.enabled ? 'enabled' : 'disabled';
  const text = service ? await unitTextOf(machine, unit) : '';
  return {
    Id: `${unit}.service`,
    LoadState: !known ? 'not-found' : service?.masked ? 'masked' : 'loaded',
    ActiveState: active,
    SubState: active === 'active' ? 'running' : active === 'failed' ? 'failed' : 'dead',
    Result: active === 'failed' ? 'exit-code' : 'success',
    Type: 'notify',
    RemainAfterExit: 'no',
    CanReload: /^ExecReload=/m.test(text) ? 'yes' : 'no',
    NeedDaemonReload: 'no',
    InvocationID: service?.invocation ?? (running ? `${pid}` : ''),
    MainPID: running ? String(pid ?? 0) : '0',
    NRestarts: String(service?.restarts ?? 0),
    ActiveEnterTimestamp: running ? systemdTime(since) : '',
    ExecMainStartTimestamp: since === 0 ? '' : systemdTime(since),
    ActiveEnterTimestampMonotonic: monotonic,
    ExecMainStartTimestampMonotonic: monotonic,
    UnitFileState: !known ? '' : service?.masked ? 'masked' : file,
    FragmentPath: known ? await unitFile(machine, unit) : '',
  };
}

async function unitFile(machine: Machine, unit: string): Promise<string> {
  if (unit === 'etcd') return etcdUnitFile;
  return (await unitFileOf(machine, unit)) ?? `/usr/lib/systemd/system/${unit}.service`;
}

async function unitTextOf(machine: Machine, unit: string): Promise<string> {
  const file = await unitFile(machine, unit);
  return (await machine.fs.exists(file)) ? machine.fs.readFile(file) : '';
}

export const systemctl: Tool = async (context) => {
  const { args, machine } = context;
  const words = args.filter(
    (arg, i) => !arg.startsWith('-') && !/^(-p|--property|-n|--timestamp)$/.test(args[i - 1] ?? ''),
  );
  const [verb = '', ...units] = words.map((word) => word.replace(/\.service$/, ''));
  const [unit = ''] = units;
  switch (verb) {
    case 'daemon-reload':
    case 'reset-failed':
      return asRoot(context, verb) ? 0 : 1;
    case 'enable':
    case 'disable':
    case 'mask':
    case 'unmask':
      return changeFile(context, verb, unit);
    case 'show':
      return show(context, unit);
    case 'is-active':
    case 'is-enabled': {
      const state = await properties(machine, unit);
      const text = verb === 'is-active' ? state['ActiveState'] : state['UnitFileState'] || 'not-found';
      if (!args.includes('-q') && !args.includes('--quiet')) context.out(`${text}\n`);
      return text === 'active' || text === 'enabled' ? 0 : verb === 'is-active' ? 3 : 1;
    }
    case 'is-system-running':
      context.out('running\n');
      return 0;
    case 'status': {
      const { ActiveState, SubState, ActiveEnterTimestamp } = await properties(machine, unit);
      context.out(`● ${unit}.service\n     Active: ${ActiveState} (${SubState}) since ${ActiveEnterTimestamp}\n`);
      return ActiveState === 'active' ? 0 : 3;
    }
    case 'cat': {
      const file = await unitFile(machine, unit);
      if (!(await machine.fs.exists(file))) {
        context.err(`No files found for ${unit}.service.\n`);
        return 1;
      }
      context.out(`# ${file}\n${await machine.fs.readFile(file)}`);
      return 0;
    }
    case 'restart':
    case 'start':
    case 'stop':
    case 'reload':
    case 'try-restart':
      return changeUnit(context, verb, unit);
    case 'reboot':
      if (!asRoot(context, verb)) return 1;
      rebootMachine(machine);
      return 0;
    default:
      context.err(`Unknown command verb ${verb}. (the lab does not simulate it)\n`);
      return 1;
  }
};

/** What it says of the kubelet and etcd is left: they are enabled. */
async function changeFile(context: ToolContext, verb: string, unit: string): Promise<number> {
  if (!asRoot(context, `${verb} unit`)) return 1;
  const { LoadState } = await properties(context.machine, unit);
  if (LoadState === 'not-found') {
    context.err(`Failed to ${verb} unit: Unit file ${unit}.service does not exist.\n`);
    return 1;
  }
  if (LoadState === 'masked' && verb === 'enable') {
    context.err(`Failed to enable unit: Unit file /etc/systemd/system/${unit}.service is masked.\n`);
    return 1;
  }
  const service = context.machine.services.get(unit);
  if (service && verb.endsWith('able')) context.machine.services.set(unit, { ...service, enabled: verb === 'enable' });
  if (service && verb.endsWith('mask')) context.machine.services.set(unit, { ...service, masked: verb === 'mask' });
  return 0;
}

function asRoot(context: ToolContext, verb: string): boolean {
  if (context.uid === 0) return true;
  context.err(`Failed to ${verb}: Interactive authentication required.\n`);
  return false;
}

async function show(context: ToolContext, unit: string): Promise<number> {
  const all = await properties(context.machine, unit);
  const wanted = context.args.flatMap((arg, i) => {
    if (arg === '-p' || arg === '--property') return (context.args[i + 1] ?? '').split(',');
    const joined = /^(?:-p|--property=)(.+)$/.exec(arg)?.[1];
    return joined === undefined ? [] : joined.split(',');
  });
  const unix = context.args.includes('--timestamp=unix');
  const names = wanted.length > 0 ? wanted : Object.keys(all);
  for (const name of names) {
    let value = all[name] ?? '';
    if (unix && name.endsWith('Timestamp') && value)
      value = `@${Math.floor(Date.parse(value.replace(/^\w+ /, '').replace(' UTC', 'Z').replace(' ', 'T')) / 1000)}`;
    context.out(context.args.includes('--value') ? `${value}\n` : `${name}=${value}\n`);
  }
  return 0;
}

async function changeUnit(context: ToolContext, verb: string, unit: string): Promise<number> {
  const { machine, world } = context;
  if (!asRoot(context, `${verb} ${unit}.service`)) return 1;
  const { LoadState, CanReload } = await properties(machine, unit);
  if (LoadState === 'not-found' || (LoadState === 'masked' && verb !== 'stop')) {
    const why = LoadState === 'masked' ? 'is masked' : 'not found';
    context.err(`Failed to ${verb} ${unit}.service: Unit ${unit}.service ${why}.\n`);
    return LoadState === 'masked' ? 1 : 5;
  }
  await work(machine.clock, restartWork, context.signal);
  if (unit === 'etcd') {
    if (verb !== 'start') await stopEtcdUnit(machine, world);
    if (verb !== 'stop') await startEtcdUnit(machine, world);
    return 0;
  }
  if (unit === 'kubelet') {
    const running = machine.kubelet.stoppedAt === undefined;
    if (verb === 'stop') machine.stopKubelet();
    else if (verb === 'restart' || !running)
      await startKubelet(machine, nodeCondition(world.cluster, machine).status === 'True');
    return 0;
  }
  const service = machine.services.get(unit);
  if (!service) return 0;
  if (verb === 'reload') {
    if (CanReload === 'yes' && service.active === 'active') return 0;
    context.err(`Failed to reload ${unit}.service: Job type reload is not applicable for unit ${unit}.service.\n`);
    return 1;
  }
  if (verb === 'stop') stopService(machine, unit, service);
  else if (verb === 'restart' || service.active !== 'active') await startService(machine, unit, service);
  return 0;
}

/** `journalctl -u UNIT -n LINES -o cat`. */
export const journalctl: Tool = (context) => {
  const { args, machine } = context;
  const after = (flag: string) => args[args.indexOf(flag) + 1] ?? '';
  const lines = machine.services.get(after('-u').replace(/\.service$/, ''))?.lines ?? [];
  context.out(
    lines
      .slice(-Number(after('-n') || 10))
      .map((line) => `${line}\n`)
      .join(''),
  );
  return 0;
};

export const reboot: Tool = (context) => {
  if (!asRoot(context, 'reboot')) return 1;
  rebootMachine(context.machine);
  return 0;
};

export const kubelet: Tool = (context) => {
  const version = context.machine.program('kubelet');
  if (context.args.includes('--version')) {
    context.out(`Kubernetes v${version}\n`);
    return 0;
  }
  context.err('the lab starts the kubelet through systemctl only\n');
  return 1;
};
