import { createHash } from 'node:crypto';
import { clusterIdOf, dataFile, type EtcdImage, imageOf, keysOf, readFile, snapshotFile } from '../etcd-data.ts';
import { memberVersion } from '../etcd-members.ts';
import { putFile } from '../machine-files.ts';
import { compareVersions } from '../releases.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';

const booleans = new Set(['mark-compacted', 'skip-hash-check', 'hex', 'debug', 'help']);
const valued =
  /^(data-dir|wal-dir|name|initial-cluster|initial-cluster-token|initial-advertise-peer-urls|bump-revision|write-out|endpoints|cacert|cert|key|command-timeout|dial-timeout|w)$/;

/** Words and flags of etcdctl and etcdutl; a flag that the program does not know ends it. */
interface SnapshotCall {
  readonly words: readonly string[];
  readonly flags: ReadonlyMap<string, string>;
  readonly unknown?: string;
}

function parse(args: readonly string[], known: (name: string) => boolean): SnapshotCall {
  const words: string[] = [];
  const flags = new Map<string, string>();
  let unknown: string | undefined;
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    const [, name, value] = /^--?([a-z][a-z-]*)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === undefined) words.push(arg);
    else {
      if (!known(name)) unknown ??= name;
      flags.set(name, value ?? (booleans.has(name) ? 'true' : (args[(i += 1)] ?? '')));
    }
  }
  return { words, flags, ...(unknown === undefined ? {} : { unknown }) };
}

/** etcdutl: what needs no member. */
export const etcdutl: Tool = (context) => {
  const call = parse(context.args, (name) => booleans.has(name) || valued.test(name));
  const [group = '', verb = '', file = ''] = call.words;
  if (call.flags.has('help')) return help(context, 'etcdutl');
  if (group === 'version') {
    context.out(`etcdutl version: ${versionOf(context)}\nAPI version: 3.5\n`);
    return 0;
  }
  if (call.unknown !== undefined) return fail(context, `unknown flag: --${call.unknown}`);
  if (group === 'snapshot' && verb === 'status') return status(context, file, call.flags);
  if (group === 'snapshot' && verb === 'restore') return restore(context, file, call.flags);
  return fail(context, `unknown command ${JSON.stringify(call.words.join(' '))} for "etcdutl"`);
};

/** `etcdctl snapshot status|restore`, which 3.6 removed. */
export async function oldSnapshotCommand(context: ToolContext, verb: string): Promise<number> {
  if (compareVersions(versionOf(context), '3.6.0') >= 0) {
    // For an unknown word it prints the help, and exits 0.
    if (!context.args.includes('--help')) return fail(context, `unknown command "${verb}" for "etcdctl snapshot"`);
    context.out(
      'Manages etcd node snapshots\n\nUsage:\n  etcdctl snapshot <subcommand> [flags]\n\nAvailable Commands:\n  save\n',
    );
    return 0;
  }
  const bumps = canBump(versionOf(context));
  const call = parse(context.args, (name) => bumps || (name !== 'bump-revision' && name !== 'mark-compacted'));
  if (call.flags.has('help')) return help(context, 'etcdctl', bumps);
  if (call.unknown !== undefined) return fail(context, `unknown flag: --${call.unknown}`);
  if (compareVersions(versionOf(context), '3.5.0') >= 0)
    context.err(`Deprecated: Use \`etcdutl snapshot ${verb}\` instead.\n\n`);
  const [, , file = ''] = call.words;
  return verb === 'status' ? status(context, file, call.flags) : restore(context, file, call.flags);
}

/** etcd-io/etcd #16029 and its backports #16165 and #16193. */
function canBump(version: string): boolean {
  return compareVersions(version, version.startsWith('3.4.') ? '3.4.27' : '3.5.10') >= 0;
}

/** `snapshot restore --help`, as far as one looks for what it can. */
function help(context: ToolContext, program: string, bumps = canBump(versionOf(context))): number {
  const bump = `      --bump-revision uint                    How much to increase the latest revision after restore
      --mark-compacted                        Mark the latest revision after restore as the point of scheduled compaction
`;
  context.out(
    `Restores an etcd member snapshot to an etcd directory\n\nUsage:\n  ${program} snapshot restore <filename> --data-dir {output dir} [options] [flags]\n\nFlags:\n${bumps ? bump : ''}      --data-dir string                       Path to the output data directory\n      --initial-cluster string                Initial cluster configuration for restore bootstrap\n      --skip-hash-check                       Ignore snapshot integrity hash value\n`,
  );
  return 0;
}

/** `etcdctl snapshot save` */
export async function saveSnapshot(context: ToolContext, file: string): Promise<number> {
  await putFile(context.machine, pathOf(context, file), snapshotFile(imageOf(context.world.cluster)), 0o600);
  context.out(`Snapshot saved at ${file}\n`);
  return 0;
}

async function status(context: ToolContext, file: string, flags: ReadonlyMap<string, string>): Promise<number> {
  const read = await load(context, file);
  if (!read) return 1;
  const { bytes, image } = read;
  const hash = Number.parseInt(createHash('sha256').update(bytes).digest('hex').slice(0, 8), 16);
  const { revision } = image;
  const totalKey = keysOf(image);
  const json = (flags.get('w') ?? flags.get('write-out')) === 'json';
  context.out(
    json
      ? `${JSON.stringify({ hash, revision, totalKey, totalSize: bytes.length, version: '3.5.0' })}\n`
      : `${hash.toString(16)}, ${revision}, ${totalKey}, ${(bytes.length / 1000).toFixed(1)} kB\n`,
  );
  return 0;
}

async function restore(context: ToolContext, file: string, flags: ReadonlyMap<string, string>): Promise<number> {
  const { machine } = context;
  const name = flags.get('name') ?? 'default';
  const folder = pathOf(context, flags.get('data-dir') ?? `${name}.etcd`);
  const members = flags.get('initial-cluster') ?? `${name}=http://localhost:2380`;
  const peer = flags.get('initial-advertise-peer-urls') ?? 'http://localhost:2380';
  const read = await load(context, file);
  if (!read) return 1;
  if (flags.get('skip-hash-check') !== 'true') {
    if (read.sealed === undefined) return fail(context, 'snapshot missing hash but --skip-hash-check=false');
    if (!read.sealed) return fail(context, 'expected sha256 [11 22 33], got [44 55 66]');
  }
  if ((await machine.fs.exists(folder)) && (await machine.fs.readdir(folder)).length > 0)
    return fail(context, `data-dir ${JSON.stringify(folder)} not empty or could not be read`);
  if (!members.split(',').includes(`${name}=${peer}`))
    return fail(context, `couldn't find local name ${JSON.stringify(name)} in the initial cluster configuration`);
  const bump = Number(flags.get('bump-revision') ?? '0');
  const revision = read.image.revision + bump;
  const image: EtcdImage = {
    ...read.image,
    clusterId: String(clusterIdOf(members, flags.get('initial-cluster-token') ?? 'etcd-cluster')),
    revision,
    compacted: flags.get('mark-compacted') === 'true' ? revision : read.image.compacted,
  };
  await putFile(machine, `${folder}/member/snap/db`, dataFile(image), 0o600);
  await putFile(machine, `${folder}/member/wal/0000000000000000-0000000000000000.wal`, `${name}\n`, 0o600);
  await machine.fs.chmod(folder, 0o700);
  context.err(`info\trestored snapshot\t{"path": "${file}", "data-dir": "${folder}"}\n`);
  return 0;
}

async function load(context: ToolContext, file: string) {
  const path = pathOf(context, file);
  if (file === '' || !(await context.machine.fs.exists(path))) {
    fail(context, `stat ${file}: no such file or directory`);
    return undefined;
  }
  const bytes = Buffer.from(await context.machine.fs.readFileBuffer(path));
  const { image, sealed } = readFile(bytes);
  if (image) return { bytes, image, sealed };
  // A file whose pages are damaged opens or not; its seal shows it in any case.
  fail(context, sealed === false ? 'snapshot file integrity check failed. 1 errors found.' : 'invalid database');
  return undefined;
}

function versionOf({ machine, world, env }: ToolContext): string {
  const own = world.machines.find((one) => one.name === env['LAB_ETCD_MEMBER']) ?? machine;
  return memberVersion(own) || '3.5.24';
}

function pathOf(context: ToolContext, file: string): string {
  return context.machine.fs.resolvePath(context.cwd, file);
}

function fail(context: ToolContext, message: string): number {
  context.err(`Error: ${message}\n`);
  return 1;
}
