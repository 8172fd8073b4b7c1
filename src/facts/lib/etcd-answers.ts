import { z } from 'zod';
import type { EtcdFact, EtcdMember } from '../etcd.ts';

const id = z.union([z.string(), z.number()]).transform((value) => hexOf(String(value)));
const strings = z.array(z.string()).nullish();

const membersSchema = z.object({
  members: z.array(
    z.object({
      ID: id,
      name: z.string().nullish(),
      peerURLs: strings,
      clientURLs: strings,
      isLearner: z.boolean().nullish(),
    }),
  ),
});
const healthSchema = z.array(
  z.object({ endpoint: z.string(), health: z.boolean().nullish(), error: z.string().nullish() }),
);
const statusSchema = z.array(
  z.object({
    Endpoint: z.string(),
    Status: z.object({
      header: z.object({ cluster_id: id.nullish(), member_id: id }),
      version: z.string().nullish(),
      dbSize: z.number().nullish(),
      dbSizeInUse: z.number().nullish(),
      leader: id.nullish(),
      raftIndex: z.number().nullish(),
      isLearner: z.boolean().nullish(),
    }),
  }),
);
const alarmsSchema = z.object({
  alarms: z.array(z.object({ memberID: id.nullish(), alarm: z.union([z.number(), z.string()]).nullish() })).nullish(),
});

/** etcd's AlarmType (rpc.proto). */
const alarmNames: Readonly<Record<string, string>> = { 1: 'NOSPACE', 2: 'CORRUPT' };

/** What the answers of etcdctl (`-w json`) say together: one line each, between lines that name the question. */
export function parseEtcd(output: string): EtcdFact {
  const head = output.split(/^--- /m)[0] ?? '';
  const external = /^external: yes$/m.test(head);
  const source = /^source: (\S+)$/m.exec(head)?.[1];
  const known = { external, ...(source === undefined ? {} : { source }) };
  const list = answer(output, 'members', membersSchema);
  if (!list) {
    return {
      ...known,
      members: [],
      error: /^error: (.*)$/m.exec(head)?.[1] ?? 'etcdctl member list printed nothing usable',
    };
  }
  const health = answer(output, 'health', healthSchema);
  const statuses = answer(output, 'status', statusSchema) ?? [];
  const alarms = answer(output, 'alarms', alarmsSchema)?.alarms ?? [];
  const members = list.members.map((member): EtcdMember => {
    const clientUrls = member.clientURLs ?? [];
    const answered = health?.filter(({ endpoint }) => clientUrls.includes(endpoint)) ?? [];
    const status = statuses.find(({ Status }) => Status.header.member_id === member.ID)?.Status;
    const problem = answered.map(({ error }) => error ?? '').find((text) => text !== '');
    return {
      id: member.ID,
      name: member.name ?? '',
      peerUrls: member.peerURLs ?? [],
      clientUrls,
      learner: member.isLearner === true || status?.isLearner === true,
      ...(health === undefined ? {} : { healthy: answered.some((entry) => entry.health === true) }),
      ...(problem === undefined ? {} : { problem }),
      ...(status?.version ? { version: status.version } : {}),
      ...(status?.dbSize == null ? {} : { dbSize: status.dbSize }),
      ...(status?.dbSizeInUse == null ? {} : { dbSizeInUse: status.dbSizeInUse }),
      ...(status?.raftIndex == null ? {} : { raftIndex: status.raftIndex }),
      ...(status?.leader == null || status.leader === '0' ? {} : { follows: status.leader }),
      leader: status?.leader === member.ID,
      alarms: alarms
        .filter(({ memberID }) => memberID === member.ID)
        .map(({ alarm }) => alarmNames[String(alarm)] ?? String(alarm ?? 'unknown')),
    };
  });
  const clusterId = statuses.map(({ Status }) => Status.header.cluster_id).find((value) => value != null);
  return { ...known, ...(clusterId == null ? {} : { clusterId }), members };
}

/** The last line of a section that is such JSON: etcdctl's log lines may be around it. */
function answer<T>(output: string, name: string, schema: z.ZodType<T>): T | undefined {
  const section = output.split(/^--- /m).find((part) => part.startsWith(`${name}\n`)) ?? '';
  for (const line of section.split('\n').toReversed()) {
    if (!/^[[{]/.test(line)) continue;
    const parsed = schema.safeParse(parseWithIds(line));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

/** Ids are 64 bits wide: as numbers of JSON they would lose their last digits. */
function parseWithIds(line: string): unknown {
  try {
    return JSON.parse(line.replaceAll(/("(?:ID|cluster_id|member_id|memberID|leader)"\s*:\s*)(\d+)/g, '$1"$2"'));
  } catch {
    return undefined;
  }
}

/** As etcdctl prints it in tables and takes it as an argument. */
function hexOf(decimal: string): string {
  return /^\d+$/.test(decimal) ? BigInt(decimal).toString(16) : decimal;
}
