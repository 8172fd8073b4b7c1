import { reboot as rebootMachine } from '../boot.ts';
import { work } from '../clock.ts';
import { etcdUnitFile } from '../etcd-external.ts';
import { startEtcdUnit, stopEtcdUnit } from '../etcd-process.ts';
import { startKubelet } from '../kubelet-start.ts';
import type { Machine } from '../machine.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';

const restartWork = 200;

/** systemd's own way to write a time. */
function systemdTime(ms: number): string {
  const date = new Date(ms);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()];
  return `${day} ${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 19)} UTC`;
}

function properties(machine: Machine, unit: string): Record<string, string> {
  const etcd = unit === 'etcd' ? machine.etcd.unit : undefined;
  const known = machine.role === 'other' ? etcd !== undefined : unit === 'kubelet' || unit === 'containerd';
  const active = etcd?.active ?? (known && (unit !== 'kubelet' || machine.kubelet.stoppedAt === undefined));
  const since = etcd?.startedAt ?? (unit === 'kubelet' ? machine.kubelet.startedAt : machine.bootedAt);
  const time = systemdTime(since);
  return {
    Id: `${unit}.service`,
    LoadState: known ? 'loaded' : 'not-found',
    ActiveState: active ? 'active' : 'inactive',
    SubState: active ? 'running' : 'dead',
    MainPID: active ? String(etcd?.pid ?? (unit === 'kubelet' ? machine.kubelet.pid : 610)) : '0',
    NRestarts: '0',
    ActiveEnterTimestamp: active ? time : '',
    ExecMainStartTimestamp: time,
    ActiveEnterTimestampMonotonic: String(Math.max(0, Math.round((since - machine.bootedAt) * 1000))),
    ExecMainStartTimestampMonotonic: String(Math.max(0, Math.round((since - machine.bootedAt) * 1000))),
    UnitFileState: known ? 'enabled' : '',
    FragmentPath: known ? unitFile(unit) : '',
  };
}

function unitFile(unit: string): string {
  return unit === 'etcd' ? etcdUnitFile : `/usr/lib/systemd/system/${unit}.service`;
}

export const systemctl: Tool = async (context) => {
  const words = context.args.filter(
    (arg, i) => !arg.startsWith('-') && !/^(-p|--property|-n|--timestamp)$/.test(context.args[i - 1] ?? ''),
  );
  const [verb = '', ...units] = words.map((word) => word.replace(/\.service$/, ''));
  const [unit = ''] = units;
  switch (verb) {
    case 'daemon-reload':
    case 'enable':
    case 'reset-failed':
      return asRoot(context, verb) ? 0 : 1;
    case 'show':
      return show(context, unit);
    case 'is-active':
    case 'is-enabled': {
      const state = properties(context.machine, unit);
      const text = verb === 'is-active' ? state['ActiveState'] : state['UnitFileState'] || 'not-found';
      if (!context.args.includes('-q') && !context.args.includes('--quiet')) context.out(`${text}\n`);
      return text === 'active' || text === 'enabled' ? 0 : verb === 'is-active' ? 3 : 1;
    }
    case 'is-system-running':
      context.out('running\n');
      return 0;
    case 'status':
      context.out(
        `● ${unit}.service\n     Active: ${properties(context.machine, unit)['ActiveState']} (running) since ${properties(context.machine, unit)['ActiveEnterTimestamp']}\n`,
      );
      return properties(context.machine, unit)['ActiveState'] === 'active' ? 0 : 3;
    case 'cat': {
      if (!(await context.machine.fs.exists(unitFile(unit)))) {
        context.err(`No files found for ${unit}.service.\n`);
        return 1;
      }
      context.out(`# ${unitFile(unit)}\n${await context.machine.fs.readFile(unitFile(unit))}`);
      return 0;
    }
    case 'restart':
    case 'start':
    case 'stop':
    case 'try-restart':
      return changeUnit(context, verb, unit);
    case 'reboot':
      if (!asRoot(context, verb)) return 1;
      rebootMachine(context.machine);
      return 0;
    default:
      context.err(`Unknown command verb ${verb}. (the lab does not simulate it)\n`);
      return 1;
  }
};

function asRoot(context: ToolContext, verb: string): boolean {
  if (context.uid === 0) return true;
  context.err(`Failed to ${verb}: Interactive authentication required.\n`);
  return false;
}

function show(context: ToolContext, unit: string): number {
  const all = properties(context.machine, unit);
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
  if (properties(machine, unit)['LoadState'] === 'not-found') {
    context.err(`Failed to ${verb} ${unit}.service: Unit ${unit}.service not found.\n`);
    return 5;
  }
  await work(machine.clock, restartWork, context.signal);
  if (unit === 'etcd') {
    if (verb !== 'start') await stopEtcdUnit(machine, world);
    if (verb !== 'stop') await startEtcdUnit(machine, world);
    return 0;
  }
  if (unit !== 'kubelet') return 0;
  const running = machine.kubelet.stoppedAt === undefined;
  if (verb === 'stop') machine.kubelet.stoppedAt ??= machine.clock.now();
  else if (verb === 'restart' || !running)
    await startKubelet(machine, world.cluster.condition(machine).status === 'True');
  return 0;
}

export const reboot: Tool = (context) => {
  if (!asRoot(context, 'reboot')) return 1;
  rebootMachine(context.machine);
  return 0;
};

export const kubelet: Tool = (context) => {
  const version = context.machine.installed('kubelet');
  if (context.args.includes('--version')) {
    context.out(`Kubernetes v${version}\n`);
    return 0;
  }
  context.err('the lab starts the kubelet through systemctl only\n');
  return 1;
};
