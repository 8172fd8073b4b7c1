import { parse } from 'yaml';
import type { Machine } from './machine.ts';
import { minorNumber } from './releases.ts';

/** Where a kubelet's flags are. */
const flagFiles = ['/var/lib/kubelet/kubeadm-flags.env', '/etc/default/kubelet', '/etc/sysconfig/kubelet'];

/** Flags that a kubelet does not know from a minor on: CHANGELOG-1.27, -1.31, -1.35 (#133779) and -1.37. */
const unknownFlags: Readonly<Record<string, number>> = {
  'container-runtime': 27,
  'keep-terminated-pod-volumes': 31,
  'pod-infra-container-image': 35,
  'housekeeping-interval': 37,
};

/** Feature gates likewise: "Feature Gates (removed)", CHANGELOG-1.37 (#137755). */
const unknownGates: Readonly<Record<string, number>> = {
  CloudDualStackNodeIPs: 32,
  KMSv2: 32,
  AppArmor: 33,
  SidecarContainers: 37,
};

/**
 * Why a kubelet ends right after its start, as it says it itself (cmd/kubelet/app/server.go); undefined: it runs. Its
 * file comes first, drop-ins of `--config-dir` over it, then flags.
 */
export async function startFailure(machine: Machine): Promise<string | undefined> {
  const minor = minorNumber(machine.program('kubelet') ?? '');
  const flags = (await Promise.all(flagFiles.map((file) => textOf(machine, file)))).flatMap(flagsIn);
  const unknown = flags.find(({ name }) => minor >= (unknownFlags[name] ?? Number.POSITIVE_INFINITY));
  if (unknown) return `failed to parse kubelet flag: unknown flag: --${unknown.name}`;
  const config = await configOf(machine, flags.findLast(({ name }) => name === 'config-dir')?.value);
  if (config === undefined) return 'failed to load kubelet config file, path: /var/lib/kubelet/config.yaml';
  const byFlag = flags.filter(({ name }) => name === 'feature-gates').flatMap(({ value }) => value.split(','));
  const gates = [...Object.keys(config.featureGates), ...byFlag.map((gate) => gate.replace(/=.*/, ''))];
  const gone = gates.find((gate) => minor >= (unknownGates[gate] ?? Number.POSITIVE_INFINITY));
  if (gone !== undefined)
    return `failed to set feature gates from initial flags-based config: unrecognized feature gate: ${gone}`;
  const fails = (flag: string, field: 'failSwapOn' | 'failCgroupV1') =>
    (flags.findLast(({ name }) => name === flag)?.value ?? String(config[field] ?? true)) !== 'false';
  const swaps = (await textOf(machine, '/proc/swaps')).trim().split('\n').length > 1;
  if (swaps && fails('fail-swap-on', 'failSwapOn'))
    return 'failed to run Kubelet: running with swap on is not supported, please disable swap or set --fail-swap-on flag to false';
  const unified = await machine.fs.exists('/sys/fs/cgroup/cgroup.controllers');
  if (!unified && minor >= 35 && fails('fail-cgroupv1', 'failCgroupV1'))
    return 'kubelet is configured to not run on a host using cgroup v1';
  return undefined;
}

/** Restarts it; what ends at once is seen as stopped, and its Node keeps the last word of the one before. */
export async function startKubelet(machine: Machine, ready: boolean): Promise<string | undefined> {
  const failure = await startFailure(machine);
  if (failure === undefined) machine.restartKubelet(ready);
  else machine.stopKubelet();
  return failure;
}

interface Config {
  featureGates: Record<string, boolean>;
  failSwapOn?: boolean;
  failCgroupV1?: boolean;
}

async function configOf(machine: Machine, folder: string | undefined): Promise<Config | undefined> {
  const names = folder !== undefined && (await machine.fs.exists(folder)) ? await machine.fs.readdir(folder) : [];
  const dropIns = names.filter((name) => name.endsWith('.conf')).sort();
  const files = ['/var/lib/kubelet/config.yaml', ...dropIns.map((name) => `${folder}/${name}`)];
  const config: Config = { featureGates: {} };
  for (const file of files) {
    try {
      const { featureGates, ...own } = parse(await textOf(machine, file)) as Config;
      Object.assign(config, own);
      Object.assign(config.featureGates, featureGates);
    } catch {
      return undefined;
    }
  }
  return config;
}

function flagsIn(text: string): { readonly name: string; readonly value: string }[] {
  return [...text.replaceAll(/^\s*#.*$/gm, '').matchAll(/--([a-z][a-z0-9-]*)(?:=([^\s"']*))?/g)].map(
    ([, name = '', value = 'true']) => ({ name, value }),
  );
}

async function textOf(machine: Machine, file: string): Promise<string> {
  return (await machine.fs.exists(file)) ? machine.fs.readFile(file) : '';
}
