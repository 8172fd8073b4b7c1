import { createHash } from 'node:crypto';
import { putFile } from '../machine-files.ts';
import { tagOf } from '../releases.ts';
import type { Machine } from '../machine.ts';
import { hexOf } from '../identity.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { controlPlanes } from '../world.ts';

/** A member's id: fits a double, so that JSON readers keep it. */
function memberId(machine: Machine): number {
  return Number.parseInt(hexOf(`etcd:${machine.name}`, 13), 16);
}

export const etcdctl: Tool = async (context) => {
  const words = context.args.filter(
    (arg, i) =>
      !arg.startsWith('-') && !/^(-w|--write-out|--endpoints|--cacert|--cert|--key)$/.test(context.args[i - 1] ?? ''),
  );
  const json = /(-w|--write-out)[= ]json/.test(context.args.join(' '));
  const [group = '', verb = '', file = ''] = words;
  const members = controlPlanes(context.world);
  const up = members.filter((machine) => machine.up);
  switch (`${group} ${verb}`.trim()) {
    case 'member list':
      return print(
        context,
        json,
        { header: { member_id: memberId(context.machine) }, members: members.map(memberJson) },
        members.map(
          (machine) =>
            `${memberId(machine).toString(16)}, started, ${machine.name}, https://${machine.ip}:2380, https://${machine.ip}:2379, false`,
        ),
      );
    case 'endpoint health': {
      const rows = members.map((machine) => ({
        endpoint: `https://${machine.ip}:2379`,
        health: machine.up,
        took: '9.1ms',
      }));
      print(
        context,
        json,
        rows,
        rows.map(
          (row) =>
            `${row.endpoint} is ${row.health ? 'healthy: successfully committed proposal: took = 9.1ms' : 'unhealthy: failed to commit proposal: context deadline exceeded'}`,
        ),
      );
      return up.length === members.length ? 0 : 1;
    }
    case 'endpoint status': {
      const rows = up.map((machine) => ({
        Endpoint: `https://${machine.ip}:2379`,
        Status: endpointStatus(machine, up),
      }));
      return print(
        context,
        json,
        rows,
        rows.map(
          (row) =>
            `${row.Endpoint}, ${row.Status.header.member_id.toString(16)}, ${row.Status.version}, 20 MB, ${row.Status.leader === row.Status.header.member_id}, false, 3, 1813, 1813,`,
        ),
      );
    }
    case 'alarm list':
      return json ? print(context, true, { alarms: [] }, []) : 0;
    case 'version':
      context.out(
        `etcdctl version: ${tagOf(context.machine.staticPods.get('etcd')?.image ?? '').replace(/-\d+$/, '')}\nAPI version: 3.5\n`,
      );
      return 0;
    case 'snapshot save':
      await putFile(context.machine, file, `lab etcd snapshot ${context.world.cluster.version}\n`, 0o600);
      context.out(`Snapshot saved at ${file}\n`);
      return 0;
    case 'snapshot status': {
      const hash = createHash('sha256')
        .update(await context.machine.fs.readFile(file))
        .digest('hex')
        .slice(0, 8);
      return print(
        context,
        json,
        { hash: Number.parseInt(hash, 16), revision: 1566, totalKey: 1585, totalSize: 3104768 },
        [`${hash}, 1566, 1585, 3.1 MB`],
      );
    }
    case 'move-leader':
      return 0;
    default:
      context.err(
        `Error: unknown command ${JSON.stringify(words.join(' '))} for "etcdctl" (the lab does not simulate it)\n`,
      );
      return 1;
  }
};

function memberJson(machine: Machine) {
  return {
    ID: memberId(machine),
    name: machine.name,
    peerURLs: [`https://${machine.ip}:2380`],
    clientURLs: [`https://${machine.ip}:2379`],
  };
}

function endpointStatus(machine: Machine, up: readonly Machine[]) {
  const [leader] = up;
  const version = tagOf(machine.staticPods.get('etcd')?.image ?? '').replace(/-\d+$/, '');
  return {
    header: {
      cluster_id: 0x95eacefdbe7f2,
      member_id: memberId(machine),
      revision: 1566,
      raft_term: 3,
    },
    version,
    dbSize: 3084288,
    leader: leader ? memberId(leader) : 0,
    raftIndex: 1813,
    raftTerm: 3,
    raftAppliedIndex: 1813,
    dbSizeInUse: 3084288,
  };
}

function print(context: ToolContext, json: boolean, value: unknown, lines: readonly string[]): number {
  context.out(json ? `${JSON.stringify(value)}\n` : lines.map((line) => `${line}\n`).join(''));
  return 0;
}

export const gpg: Tool = async (context) => {
  const { args, machine } = context;
  const at = args.findIndex((arg) => arg === '-o' || arg === '--output');
  const output = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('--output='))?.slice(9);
  const files = args.filter((arg, i) => !arg.startsWith('-') && i !== at + 1);
  const path = (name: string) => machine.fs.resolvePath(context.cwd, name);
  const input = files[0] === undefined ? context.stdin : await machine.fs.readFile(path(files[0]));
  if (args.includes('--dearmor')) {
    const minor = /core:stable:v(1\.\d+)/.exec(input)?.[1];
    if (minor === undefined || !input.includes('BEGIN PGP')) {
      context.err('gpg: no valid OpenPGP data found.\ngpg: dearmoring failed: Unknown system error\n');
      return 2;
    }
    const content = `runbook lab keyring isv:kubernetes:core:stable:v${minor}\n`;
    if (output === undefined) context.out(content);
    else if ((await machine.fs.exists(path(output))) && !args.includes('--yes')) {
      context.err(`File '${output}' exists. Overwrite? (y/N) gpg: dearmoring failed: File exists\n`);
      return 2;
    } else await putFile(machine, path(output), content);
    return 0;
  }
  if (args.includes('--show-keys')) {
    const expires = Math.floor(Date.UTC(2026, 11, 29) / 1000);
    if (args.includes('--with-colons'))
      context.out(
        `pub:-:2048:1:234654DA9A296436:1660000000:${expires}::-:::scSC::::::23::0:\nfpr:::::::::DE15B14486CD377B9E876E1A234654DA9A296436:\nuid:-::::1660000000::0::isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>::::::::::0:\n`,
      );
    else
      context.out(
        'pub   rsa2048 2022-08-25 [SC] [expires: 2026-12-29]\n      DE15B14486CD377B9E876E1A234654DA9A296436\nuid           isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>\n',
      );
    return 0;
  }
  context.err('gpg: the lab simulates --dearmor and --show-keys only\n');
  return 2;
};

export const openssl: Tool = async (context) => {
  const { args, machine } = context;
  const file = args[args.indexOf('-in') + 1];
  const text =
    args.includes('-in') && file !== undefined
      ? await machine.fs.readFile(machine.fs.resolvePath(context.cwd, file))
      : context.stdin;
  if (args.includes('-subject')) context.out(`subject=${/subject=(.*)/.exec(text)?.[1] ?? 'CN = kubernetes'}\n`);
  if (args.includes('-enddate')) context.out('notAfter=Nov 21 01:53:00 2027 GMT\n');
  return 0;
};
