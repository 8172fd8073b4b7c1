import { etcdUnitFile, writeExternalClient, writeExternalEtcd } from '../etcd-external.ts';
import { writeEtcdPrograms } from '../etcd-process.ts';
import { healthyMember } from '../etcd-state.ts';
import { putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import type { TwinDocument } from './document.ts';
import type { Place } from './places.ts';

type EtcdFacts = NonNullable<NonNullable<TwinDocument['facts']['cluster']>['etcd']>;

/** The addresses of an etcd that is not made of static pods; undefined: it is, or there is none. */
export function externalEndpoints(etcd: EtcdFacts | undefined): readonly string[] | undefined {
  if (!etcd?.external) return undefined;
  const known = etcd.members.flatMap(({ clientUrls }) => clientUrls.slice(0, 1));
  return known.length > 0 ? known : (etcd.source ?? '').split(',').filter((url) => url !== '');
}

/** A machine's member of etcd, its data, and what restores have left. After its manifests. */
export async function writeEtcd(machine: Machine, { facts, member, role }: Place): Promise<void> {
  const { etcdHost } = facts;
  const isMember = member !== undefined || machine.staticPods.has('etcd');
  const unit = machine.etcd.unit;
  machine.etcd = { ...healthyMember(), ...(unit ? { unit } : {}) };
  if (!isMember) machine.etcd.membership = 'none';
  if (role === 'other') await writeUnit(machine, isMember || etcdHost?.kind === 'unit');
  else if (machine.isControlPlane) {
    await writeEtcdPrograms(machine);
    if (machine.etcdEndpoints) await writeExternalClient(machine);
  }
  if (member) knowMember(machine, member);
  const dataDir = etcdHost?.dataDir ?? '/var/lib/etcd';
  if (etcdHost?.hasData ?? isMember) await putFile(machine, `${dataDir}/member/snap/db`, 'lab etcd data\n', 0o600);
  else await machine.fs.rm(`${dataDir}/member`, { recursive: true, force: true });
  if (!etcdHost) return;
  machine.etcd.dataDir = dataDir;
  if (!etcdHost.running && etcdHost.kind !== undefined) machine.etcd.dead = true;
  for (const run of etcdHost.aside ?? []) await putFile(machine, `${dataDir}.before-${run}/member/snap/db`, '', 0o600);
  for (const [run, stages] of Object.entries(etcdHost.marks))
    await putFile(machine, `/var/lib/runbook-etcd/${run}/state`, stages.map((stage) => `${stage}\n`).join(''));
}

/** Under systemd; a machine without one may be a load balancer. */
async function writeUnit(machine: Machine, isMember: boolean): Promise<void> {
  if (isMember) {
    await writeEtcdPrograms(machine);
    await writeExternalEtcd(machine);
    return;
  }
  delete machine.etcd.unit;
  await machine.fs.rm(etcdUnitFile, { force: true });
}

function knowMember(machine: Machine, member: EtcdFacts['members'][number]): void {
  const { etcd } = machine;
  const [alarm] = member.alarms;
  etcd.membership = member.name === '' ? 'added' : 'started';
  etcd.learner = member.learner;
  if (alarm === 'NOSPACE' || alarm === 'CORRUPT') etcd.alarm = alarm;
  // A learner that serves is not healthy either, but has a status.
  if (member.healthy === false && (!member.learner || member.version === undefined)) etcd.dead = true;
  etcd.dbSize = member.dbSize ?? etcd.dbSize;
  etcd.known = {
    id: BigInt(`0x${member.id}`),
    name: member.name,
    peerUrls: member.peerUrls,
    clientUrls: member.clientUrls,
    ...(member.dbSizeInUse === undefined ? {} : { dbSizeInUse: member.dbSizeInUse }),
    ...(member.version === undefined || !etcd.unit ? {} : { version: member.version }),
  };
}

/** Which member is behind the others by how many entries, who leads, and the cluster that their data are of. */
export function joinMembers(
  etcd: EtcdFacts | undefined,
  machines: ReadonlyMap<Place, Machine>,
): { readonly clusterId?: bigint; readonly leader?: string } {
  if (!etcd) return {};
  const most = Math.max(0, ...etcd.members.map(({ raftIndex = 0 }) => raftIndex));
  let leader: string | undefined;
  for (const [{ member }, machine] of machines) {
    if (member?.raftIndex !== undefined) machine.etcd.lag = most - member.raftIndex;
    if (member?.leader) leader = machine.name;
  }
  return {
    ...(etcd.clusterId === undefined ? {} : { clusterId: BigInt(`0x${etcd.clusterId}`) }),
    ...(leader === undefined ? {} : { leader }),
  };
}
