import { stringify } from 'yaml';
import { certificateText, clientCertificateData, freshEnd, kubeletCertificate } from '../certificates.ts';
import { kubeconfigText, putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import type { TwinKubeletConfiguration, TwinNodeFacts } from './document.ts';
import { moved, type TwinTime } from './time.ts';
import { unflatten } from './unflatten.ts';

const conf = '/etc/kubernetes/kubelet.conf';
const configFile = '/var/lib/kubelet/config.yaml';

/** How the kubelet is started, what it is told, and what it is now. */
export async function writeKubelet(machine: Machine, facts: TwinNodeFacts, time: TwinTime): Promise<void> {
  const { kubelet, kubeletSetup } = facts;
  if (kubeletSetup) await writeSetup(machine, kubeletSetup);
  if (!kubelet) return;
  await writeIdentity(machine, facts);
  if (kubelet.joining) await putFile(machine, '/etc/kubernetes/.runbook-joins', '');
  if (kubelet.binaryChangedAt !== undefined) machine.binaryChangedAt = moved(time, kubelet.binaryChangedAt);
  const startedAt = kubelet.startedAt === undefined ? machine.kubelet.startedAt : moved(time, kubelet.startedAt);
  machine.kubelet = {
    ...machine.kubelet,
    startedAt,
    ...(kubelet.active ? {} : { stoppedAt: Math.max(startedAt, time.now - day) }),
    ...(kubelet.active && !kubelet.healthy ? { unhealthy: true } : {}),
  };
}

const day = 86_400_000;

async function writeIdentity(machine: Machine, { kubelet, certificates }: TwinNodeFacts): Promise<void> {
  if (kubelet?.server === undefined) {
    for (const file of [conf, kubeletCertificate]) await machine.fs.rm(file, { force: true });
    return;
  }
  const name = kubelet.nodeName;
  const end = (path: string) => {
    const known = certificates?.files.find((file) => file.path === path)?.notAfter;
    return known === undefined ? undefined : known * 1000;
  };
  const user = `system:node:${name ?? machine.name}`;
  const own = end(conf);
  await putFile(
    machine,
    conf,
    kubeconfigText(
      kubelet.server,
      user,
      own === undefined ? { file: kubeletCertificate } : { data: clientCertificateData(own, user) },
    ),
    0o600,
  );
  if (name === undefined) {
    await machine.fs.rm(kubeletCertificate, { force: true });
    return;
  }
  const until = end(kubeletCertificate) ?? freshEnd(machine.clock.now(), kubeletCertificate);
  await putFile(machine, kubeletCertificate, certificateText(until, `O = system:nodes, CN = ${user}`), 0o600);
}

const packaged = '/usr/lib/systemd/system/';
/** Files with flags of a kubelet in a fresh lab. */
const usual = [
  '/var/lib/kubelet/kubeadm-flags.env',
  '/etc/default/kubelet',
  `${packaged}kubelet.service`,
  `${packaged}kubelet.service.d/10-kubeadm.conf`,
];

async function writeSetup(machine: Machine, setup: NonNullable<TwinNodeFacts['kubeletSetup']>): Promise<void> {
  const { flags, shadowing, ownUnits, config, dropIns = [] } = setup;
  const folder = dropIns[0]?.file.replace(/\/[^/]*$/, '');
  const files = new Set([...usual, ...flags.map(({ file }) => file), ...shadowing, ...ownUnits]);
  for (const file of files) {
    const own = flags.filter((flag) => flag.file === file);
    const isNeeded = own.length > 0 || shadowing.includes(file) || ownUnits.includes(file);
    if (!isNeeded && !(await machine.fs.exists(file))) continue;
    const words = own.map(({ name, value }) => `--${name}=${value ?? valueOf(name, machine, folder)}`);
    await putFile(machine, file, fileText(file, words));
  }
  for (const file of ownUnits) await machine.fs.rm(file.replace('/etc/systemd/system/', packaged), { force: true });
  if (config) await putFile(machine, configFile, kubeletConfigurationText(config));
  else await machine.fs.rm(configFile, { force: true });
  for (const dropIn of dropIns) await putFile(machine, dropIn.file, kubeletConfigurationText(dropIn.config));
}

function fileText(file: string, words: readonly string[]): string {
  const line = words.join(' ');
  if (file.endsWith('.env')) return `KUBELET_KUBEADM_ARGS="${line}"\n`;
  if (/^\/etc\/(default|sysconfig)\//.test(file)) return `KUBELET_EXTRA_ARGS=${line}\n`;
  if (file.endsWith('.service'))
    return `[Unit]\nDescription=kubelet: The Kubernetes Node Agent\n\n[Service]\nExecStart=/usr/bin/kubelet${line === '' ? '' : ` ${line}`}\nRestart=always\nRestartSec=10\n`;
  // In /etc it is another one than the package's.
  const mark = file.startsWith('/etc/') ? '# edited here\n' : '';
  const own = line === '' ? '' : `Environment="KUBELET_KUBECONFIG_ARGS=${line}"\n`;
  return `[Service]\n${mark}${own}EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\n`;
}

/** Values are kept of a few flags only: the others are as kubeadm would have them. */
function valueOf(name: string, { ip }: Machine, configFolder: string | undefined): string {
  const values: Readonly<Record<string, string>> = {
    'node-ip': ip,
    kubeconfig: conf,
    'bootstrap-kubeconfig': '/etc/kubernetes/bootstrap-kubelet.conf',
    config: configFile,
    'pod-infra-container-image': 'registry.k8s.io/pause:3.10',
    ...(configFolder === undefined ? {} : { 'config-dir': configFolder }),
  };
  return values[name] ?? 'unknown';
}

/** A KubeletConfiguration with what is known of one. */
export function kubeletConfigurationText(config: TwinKubeletConfiguration): string {
  const { featureGates, failSwapOn, failCgroupV1, settings = {} } = config;
  const known = Object.entries(settings).map(([path, json]) => [path, JSON.parse(json) as unknown] as const);
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...unflatten(known),
    ...(Object.keys(featureGates).length > 0 ? { featureGates } : {}),
    ...(failSwapOn === undefined ? {} : { failSwapOn }),
    ...(failCgroupV1 === undefined ? {} : { failCgroupV1 }),
  });
}
