import { parseDuration } from '../audit.ts';
import { work } from '../clock.ts';
import { isAlive, isServing, hasQuorum, leaderOf, memberId, memberVersion, raftIndex } from '../etcd-members.ts';
import { removeMember } from '../etcd-membership.ts';
import { flagOf, missingCertificate } from '../etcd-external.ts';
import { revisionOf } from '../etcd-data.ts';
import type { Machine } from '../machine.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { etcdMachines, machineNamed, type World } from '../world.ts';
import { oldSnapshotCommand, saveSnapshot } from './etcd-snapshot.ts';

interface EtcdctlCall {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly cluster: boolean;
  /** Milliseconds that a member which does not answer costs. */
  readonly limit: number;
}

const withValue = /^(-w|--write-out|--endpoints|--cacert|--cert|--key|--command-timeout|--dial-timeout)$/;

function parseCall(args: readonly string[]): EtcdctlCall {
  const limit = /--command-timeout[= ](\S+)/.exec(args.join(' '))?.[1] ?? '5s';
  return {
    words: args.filter((arg, i) => !arg.startsWith('-') && !withValue.test(args[i - 1] ?? '')),
    json: /(-w|--write-out)[= ]json/.test(args.join(' ')),
    cluster: args.includes('--cluster'),
    limit: parseDuration(limit) ?? 5000,
  };
}

const unanswered = 'context deadline exceeded';

export const etcdctl: Tool = async (context) => {
  const call = parseCall(context.args);
  const [group = '', verb = '', file = ''] = call.words;
  const own = askedMember(context);
  const question = `${group} ${verb}`.trim();
  if (question === 'version') {
    context.out(`etcdctl version: ${memberVersion(own)}\nAPI version: 3.5\n`);
    return 0;
  }
  if (question === 'snapshot status' || question === 'snapshot restore') return oldSnapshotCommand(context, verb);
  if (context.machine.etcdEndpoints) {
    const missing = await missingCertificate(context.machine, context.args);
    if (missing !== undefined) {
      context.err(`Error: ${missing}\n`);
      return 1;
    }
  }
  if (!isServing(own) || (!hasQuorum(context.world) && question !== 'endpoint status')) {
    await work(context.machine.clock, call.limit, context.signal);
    context.err(`Error: ${unanswered}\n`);
    return 1;
  }
  // One that never started has announced no address.
  const members = call.cluster ? etcdMachines(context.world).filter(hasStarted) : [own];
  switch (question) {
    case 'member list':
      return memberList(context, call, own);
    case 'member remove':
      return memberRemove(context, own, file);
    case 'endpoint health':
      return endpointHealth(context, call, members);
    case 'endpoint status':
      return endpointStatus(context, call, members);
    case 'alarm list':
      return alarmList(context, call, own);
    case 'snapshot save':
      return saveSnapshot(context, file);
    default:
      if (group === 'move-leader') return moveLeader(context, own, verb);
      context.err(
        `Error: unknown command ${JSON.stringify(call.words.join(' '))} for "etcdctl" (the lab does not simulate it)\n`,
      );
      return 1;
  }
};

/** Only the leader itself hands over. */
function moveLeader(context: ToolContext, own: Machine, id: string): number {
  const { world } = context;
  if (leaderOf(world) !== own) {
    context.err(`Error: no leader endpoint found at [${clientUrl(own)}]\n`);
    return 1;
  }
  const next = etcdMachines(world).find((machine) => memberId(machine).toString(16) === id);
  if (!next || !isServing(next) || next.etcd.learner) {
    context.err('Error: etcdserver: bad leader transferee\n');
    return 1;
  }
  world.cluster.store.leader = next.name;
  context.out(`Leadership transferred from ${memberId(own).toString(16)} to ${id}\n`);
  return 0;
}

/** The member of the container; else that of an endpoint, the first of several that serves. */
function askedMember({ world, machine, env, args }: ToolContext): Machine {
  const named = machineNamed(world, env['LAB_ETCD_MEMBER'] ?? '');
  if (named) return named;
  const hosts = (flagOf(args, 'endpoints') ?? '127.0.0.1')
    .split(',')
    .map((url) => url.replace(/^https?:\/\/|:\d+$/g, ''));
  const asked = hosts.flatMap((host) => {
    const local = host === '127.0.0.1' || host === 'localhost';
    return local
      ? [machine]
      : etcdMachines(world).filter((one) => one.ip === host || clientUrl(one).includes(`//${host}:`));
  });
  return asked.find(isServing) ?? asked[0] ?? machine;
}

function memberList(context: ToolContext, call: EtcdctlCall, own: Machine): number {
  const members = etcdMachines(context.world);
  return print(
    context,
    call,
    { header: header(own, context.world), members: members.map(memberJson) },
    members.map((machine) => {
      const started = hasStarted(machine);
      const [id, name, client] = [memberId(machine).toString(16), memberName(machine), clientUrl(machine)];
      return `${id}, ${started ? 'started' : 'unstarted'}, ${started ? name : ''}, ${peerUrls(machine).join(',')}, ${started ? client : ''}, ${machine.etcd.learner}`;
    }),
  );
}

function hasStarted({ etcd }: Machine): boolean {
  return etcd.membership === 'started';
}

function memberRemove(context: ToolContext, own: Machine, id: string): number {
  const { world } = context;
  if (!/^[0-9a-f]+$/.test(id)) {
    context.err(
      `Error: bad member ID arg (strconv.ParseUint: parsing ${JSON.stringify(id)}: invalid syntax), expecting ID in Hex\n`,
    );
    return 1;
  }
  const machine = etcdMachines(world).find((one) => memberId(one).toString(16) === id);
  const problem = machine ? removeMember(world, machine) : 'etcdserver: member not found';
  if (problem !== undefined) {
    context.err(`Error: ${problem}\n`);
    return 1;
  }
  context.out(`Member ${id.padStart(16)} removed from cluster ${clusterOf(own, world).toString(16).padStart(16)}\n`);
  return 0;
}

function memberJson(machine: Machine) {
  return {
    ID: memberId(machine),
    ...(hasStarted(machine) ? { name: memberName(machine) } : {}),
    peerURLs: peerUrls(machine),
    ...(hasStarted(machine) ? { clientURLs: machine.etcd.known?.clientUrls ?? [clientUrl(machine)] } : {}),
    ...(machine.etcd.learner ? { isLearner: true } : {}),
  };
}

function memberName(machine: Machine): string {
  return machine.etcd.known?.name ?? machine.name;
}

function peerUrls(machine: Machine): readonly string[] {
  return machine.etcd.known?.peerUrls ?? [`https://${machine.ip}:2380`];
}

function clientUrl(machine: Machine): string {
  return machine.etcd.known?.clientUrls[0] ?? `https://${machine.ip}:2379`;
}

/** The cluster that a member's data belong to. */
function clusterOf(machine: Machine, { cluster }: World): bigint {
  return machine.etcd.clusterId ?? cluster.store.clusterId;
}

function header(machine: Machine, world: World) {
  return { cluster_id: clusterOf(machine, world), member_id: memberId(machine), raft_term: 3 };
}

/** All at once: together they take as long as the slowest. */
async function endpointHealth(context: ToolContext, call: EtcdctlCall, members: readonly Machine[]): Promise<number> {
  const rows = members.map((machine) => {
    const health = isServing(machine) && !machine.etcd.learner;
    const error = machine.etcd.learner ? 'etcdserver: rpc not supported for learner' : unanswered;
    return { endpoint: clientUrl(machine), health, took: health ? '9.1ms' : '4.0s', ...(health ? {} : { error }) };
  });
  if (!members.every(isServing)) await work(context.machine.clock, call.limit, context.signal);
  print(
    context,
    call,
    rows,
    rows.map(({ endpoint, health, error }) =>
      health
        ? `${endpoint} is healthy: successfully committed proposal: took = 9.1ms`
        : `${endpoint} is unhealthy: failed to commit proposal: ${error}`,
    ),
  );
  if (rows.every((row) => row.health)) return 0;
  context.err('Error: unhealthy cluster\n');
  return 1;
}

/** One after another: each that does not answer costs its time. */
async function endpointStatus(context: ToolContext, call: EtcdctlCall, members: readonly Machine[]): Promise<number> {
  const rows = [];
  for (const machine of members) {
    if (isServing(machine)) rows.push({ Endpoint: clientUrl(machine), Status: statusOf(context, machine) });
    else {
      await work(context.machine.clock, isAlive(machine) ? 100 : call.limit, context.signal);
      context.err(`Failed to get the status of endpoint ${clientUrl(machine)} (${unanswered})\n`);
    }
  }
  print(
    context,
    call,
    rows,
    rows.map(
      ({ Endpoint, Status }) =>
        `${Endpoint}, ${Status.header.member_id.toString(16)}, ${Status.version}, 3.1 MB, ${Status.leader === Status.header.member_id}, false, 3, ${Status.raftIndex}, ${Status.raftIndex}, `,
    ),
  );
  return rows.length === members.length ? 0 : 1;
}

function statusOf(context: ToolContext, machine: Machine) {
  const leader = leaderOf(context.world);
  const index = raftIndex(machine, context.world);
  return {
    header: {
      cluster_id: clusterOf(machine, context.world),
      member_id: memberId(machine),
      revision: revisionOf(context.world.cluster),
      raft_term: 3,
    },
    version: memberVersion(machine),
    dbSize: machine.etcd.dbSize,
    leader: leader ? memberId(leader) : 0n,
    raftIndex: index,
    raftTerm: 3,
    raftAppliedIndex: index,
    dbSizeInUse: machine.etcd.known?.dbSizeInUse ?? machine.etcd.dbSize,
    ...(machine.etcd.learner ? { isLearner: true } : {}),
    ...(machine.etcd.alarm ? { errors: [`memberID:${memberId(machine)} alarm:${machine.etcd.alarm} `] } : {}),
  };
}

function alarmList(context: ToolContext, call: EtcdctlCall, own: Machine): number {
  const raised = etcdMachines(context.world).flatMap((machine) =>
    machine.etcd.alarm ? [{ memberID: memberId(machine), alarm: machine.etcd.alarm }] : [],
  );
  const alarms = raised.map(({ memberID, alarm }) => ({ memberID, alarm: alarm === 'NOSPACE' ? 1 : 2 }));
  return print(
    context,
    call,
    { header: header(own, context.world), ...(alarms.length > 0 ? { alarms } : {}) },
    raised.map(({ memberID, alarm }) => `memberID:${memberID} alarm:${alarm} `),
  );
}

/** JSON as Go writes it: 64-bit numbers in full. */
function print(context: ToolContext, call: EtcdctlCall, value: unknown, lines: readonly string[]): number {
  const json = () =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `#${part}#` : part)).replaceAll(
      /"#(\d+)#"/g,
      '$1',
    );
  context.out(call.json ? `${json()}\n` : lines.map((line) => `${line}\n`).join(''));
  return 0;
}
