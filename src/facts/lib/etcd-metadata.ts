import { z } from 'zod';

const id = z.union([z.string(), z.number()]).transform((value) => BigInt(String(value)).toString(16));
const text = z.string().nullish();

const schema = z.object({
  kind: z.literal('EtcdSnapshot'),
  takenAt: z.string(),
  node: z.string(),
  cluster: text,
  etcd: text,
  kubernetes: text,
  size: z.number(),
  sha256: z.string(),
  ca: text,
  memberList: z.object({
    header: z.object({ cluster_id: id }),
    members: z.array(z.object({ name: text, peerURLs: z.array(z.string()).nullish() })),
  }),
  status: z.object({ hash: z.number(), revision: z.number(), totalKey: z.number() }).nullish(),
});

/** The content of `FILE.json` beside a snapshot. */
export interface SnapshotMetadata {
  /** ISO 8601 */
  readonly takenAt: string;
  readonly node: string;
  readonly etcd?: string;
  readonly kubernetes?: string;
  readonly size: number;
  readonly sha256: string;
  /** sha256 of the authority that etcd trusted. */
  readonly ca?: string;
  /** In hexadecimal. */
  readonly clusterId: string;
  readonly members: readonly { readonly name: string; readonly peerUrls: readonly string[] }[];
  /** From `snapshot status`; undefined: no program was there for it. */
  readonly status?: { readonly hash: number; readonly revision: number; readonly totalKey: number };
}

/** Undefined: it is no such file. */
export function parseMetadata(content: string | undefined): SnapshotMetadata | undefined {
  const parsed = schema.safeParse(jsonOf(content ?? ''));
  if (!parsed.success) return undefined;
  const { takenAt, node, etcd, kubernetes, size, sha256, ca, memberList, status } = parsed.data;
  return {
    takenAt,
    node,
    size,
    sha256,
    clusterId: memberList.header.cluster_id,
    members: memberList.members.map((member) => ({ name: member.name ?? '', peerUrls: member.peerURLs ?? [] })),
    ...(etcd ? { etcd } : {}),
    ...(kubernetes ? { kubernetes } : {}),
    ...(ca ? { ca } : {}),
    ...(status ? { status } : {}),
  };
}

/** Ids are 64 bits wide: as numbers of JSON they would lose their last digits. */
function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content.replaceAll(/("(?:ID|cluster_id|member_id)"\s*:\s*)(\d+)/g, '$1"$2"'));
  } catch {
    return undefined;
  }
}
