import { certificateText, freshEnd } from './certificates.ts';
import { clientFiles } from './etcd-endpoints.ts';
import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';

/** Where the machines of an external etcd have their certificates, as the guides with systemd have it. */
const pki = '/etc/etcd/pki';
export const externalDataDir = '/var/lib/etcd';
export const etcdUnitFile = '/etc/systemd/system/etcd.service';
const environmentFile = '/etc/etcd/etcd.env';
const programs = '/usr/local/bin';

/** An external etcd machine: unit, certificates, data, programs. The second has its settings in an EnvironmentFile. */
export async function writeExternalEtcd(machine: Machine): Promise<void> {
  const now = machine.clock.now();
  for (const name of ['ca', 'server', 'peer']) {
    // The same authority on every machine, also on the control planes.
    const end = freshEnd(now - 2 * 86_400_000, name === 'ca' ? clientFiles.caFile : '');
    await putFile(machine, `${pki}/${name}.crt`, certificateText(end, `CN = ${name}`));
    if (name !== 'ca') await putFile(machine, `${pki}/${name}.key`, 'lab key\n', 0o600);
  }
  const settings = settingsOf(machine);
  if (machine.name === 'etcd-2') {
    const lines = Object.entries(settings).map(([name, value]) => `${variableOf(name)}=${value}\n`);
    await putFile(machine, environmentFile, lines.join(''));
    await putFile(machine, etcdUnitFile, unitText(`${programs}/etcd`, `EnvironmentFile=${environmentFile}\n`));
  } else {
    const flags = Object.entries(settings).map(([name, value]) => ` \\\n  --${name}=${value}`);
    await putFile(machine, etcdUnitFile, unitText(`${programs}/etcd${flags.join('')}`, ''));
  }
  await putFile(machine, `${externalDataDir}/member/snap/db`, 'lab etcd data\n', 0o600);
  await machine.fs.chmod(externalDataDir, 0o700);
}

/** The key of the API server's certificate: without it etcdctl reads nothing from a control plane. */
export async function writeExternalClient(machine: Machine): Promise<void> {
  await putFile(machine, clientFiles.keyFile, 'lab key\n', 0o600);
}

/** Which of the certificates that an etcdctl was given is not there. */
export async function missingCertificate(machine: Machine, args: readonly string[]): Promise<string | undefined> {
  for (const name of ['cacert', 'cert', 'key']) {
    const path = flagOf(args, name);
    if (path === undefined) return `${name} is not given`;
    if (!(await machine.fs.exists(path))) return `open ${path}: no such file or directory`;
  }
  return undefined;
}

export function flagOf(args: readonly string[], name: string): string | undefined {
  const joined = args.find((arg) => arg.startsWith(`--${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 3);
  const index = args.indexOf(`--${name}`);
  return index < 0 ? undefined : args[index + 1];
}

/** The data folder that the unit of a machine names now. */
export async function dataDirOf(machine: Machine): Promise<string> {
  const unit = await machine.fs.readFile(etcdUnitFile);
  const file = /^EnvironmentFile=-?(\S+)$/m.exec(unit)?.[1];
  const text = file !== undefined && (await machine.fs.exists(file)) ? unit + (await machine.fs.readFile(file)) : unit;
  return /(?:--data-dir[= ]|^ETCD_DATA_DIR=)(\S+)/m.exec(text)?.[1] ?? externalDataDir;
}

function settingsOf({ name, ip, etcdEndpoints = [] }: Machine): Record<string, string> {
  const members = etcdEndpoints.map((url, i) => `etcd-${i + 1}=${url.replace(':2379', ':2380')}`);
  return {
    name,
    'data-dir': externalDataDir,
    'listen-client-urls': `https://${ip}:2379,https://127.0.0.1:2379`,
    'advertise-client-urls': `https://${ip}:2379`,
    'listen-peer-urls': `https://${ip}:2380`,
    'initial-advertise-peer-urls': `https://${ip}:2380`,
    'initial-cluster': members.join(','),
    'initial-cluster-state': 'existing',
    'cert-file': `${pki}/server.crt`,
    'key-file': `${pki}/server.key`,
    'client-cert-auth': 'true',
    'trusted-ca-file': `${pki}/ca.crt`,
    'peer-cert-file': `${pki}/peer.crt`,
    'peer-key-file': `${pki}/peer.key`,
    'peer-trusted-ca-file': `${pki}/ca.crt`,
  };
}

function variableOf(name: string): string {
  return `ETCD_${name.replaceAll('-', '_').toUpperCase()}`;
}

function unitText(command: string, more: string): string {
  return `[Unit]
Description=etcd
After=network-online.target

[Service]
Type=notify
${more}ExecStart=${command}
Restart=on-failure
RestartSec=5
LimitNOFILE=40000

[Install]
WantedBy=multi-user.target
`;
}
