import { KUBEADM_REGISTRIES } from '../../facts/lib/image.ts';
import type { KubeadmConfigFact } from '../../facts/kubeadm-config.ts';
import type { ManifestsFact } from '../../facts/manifests.ts';
import type { ProxyVariable } from '../../facts/proxy-variables.ts';
import { defaultFlags, defaultVolumes } from './static-pod-defaults.ts';
import {
  defaultFields,
  defaultResources,
  defaultValues,
  protectingFlags,
  protectingLists,
  rootlessFields,
} from './static-pod-values.data.ts';

type Manifest = ManifestsFact[string];
type Extra = NonNullable<KubeadmConfigFact['extra']>[string];
interface Flag {
  readonly name: string;
  readonly value: string;
}

export interface Differences {
  /** What protects the cluster, and would be gone. */
  readonly unprotected: readonly string[];
  /** What the manifest has beside kubeadm-config. */
  readonly lost: readonly string[];
  /** What the manifest does not have, and kubeadm would write into it. */
  readonly added: readonly string[];
}

/** What kubeadm would write differently into a static pod; undefined: it is not one of kubeadm's. */
export function differencesOf(
  component: string,
  manifest: Manifest,
  config: KubeadmConfigFact,
  shell: readonly ProxyVariable[] = [],
): Differences | undefined {
  if (!defaultFlags[component]) return undefined;
  const extra = config.extra?.[component] ?? { flags: [], volumes: [] };
  const flags = manifest.flags.filter((flag) => !isWritten(component, flag, extra, config));
  const protecting = (flag: Flag) => (component === 'kube-apiserver' ? protection(flag, extra) : []);
  const volumes = manifest.volumes.filter(
    (name) => !extra.volumes.includes(name) && !defaultVolumes.some((pattern) => pattern.test(name)),
  );
  const variables = variablesOf(manifest, extra, shell);
  return {
    unprotected: flags.flatMap(protecting),
    lost: [
      ...flags.filter((flag) => protecting(flag).length === 0).map(({ name, value }) => `--${name}=${value}`),
      ...volumes.map((name) => `the volume ${name}`),
      ...manifest.sidecars.map((name) => `the container ${name}`),
      ...variables.lost.map((name) => `the variable ${name}`),
      ...fieldsOf(component, manifest, config),
      ...imageOf(component, manifest, config),
    ],
    added: [
      ...extra.flags
        .filter(({ name }) => !manifest.flags.some((flag) => flag.name === name))
        .map(({ name }) => `--${name}`),
      ...variables.added.map((name) => `the variable ${name}`),
    ],
  };
}

/**
 * What is different in a static pod as the target's own kubeadm would write it, with patches: what changes by the release
 * itself is left out, and only that is judged by the tables.
 */
export function differencesFrom(
  component: string,
  manifest: Manifest,
  written: Manifest,
  config: KubeadmConfigFact,
): Differences | undefined {
  const known = defaultFlags[component];
  if (!known) return undefined;
  const none: Extra = { flags: [], volumes: [] };
  const same = ({ name, value }: Flag) =>
    written.flags.some((flag) => flag.name === name && (flag.value === value || sameList(name, flag.value, value)));
  const gone = manifest.flags.filter((flag) => !same(flag) && !isWritten(component, flag, none, config));
  const protecting = (flag: Flag) => (component === 'kube-apiserver' ? protectionLost(flag, written) : []);
  const env = written.env ?? [];
  return {
    unprotected: gone.flatMap(protecting),
    lost: [
      ...gone.filter((flag) => protecting(flag).length === 0).map(({ name, value }) => `--${name}=${value}`),
      ...manifest.volumes
        .filter((name) => !written.volumes.includes(name) && !defaultVolumes.some((pattern) => pattern.test(name)))
        .map((name) => `the volume ${name}`),
      ...manifest.sidecars.filter((name) => !written.sidecars.includes(name)).map((name) => `the container ${name}`),
      ...(manifest.env ?? [])
        .filter(({ name, value }) => !env.some((one) => one.name === name && one.value === value))
        .map(({ name }) => `the variable ${name}`),
      ...fieldsOf(component, changedFields(manifest, written), config),
      ...repositoryOf(manifest, written),
    ],
    added: [
      ...written.flags
        .filter(({ name }) => !known.includes(name) && !manifest.flags.some((flag) => flag.name === name))
        .map(({ name }) => `--${name}`),
      ...env
        .filter(({ name }) => !manifest.env?.some((one) => one.name === name))
        .map(({ name }) => `the variable ${name}`),
    ],
  };
}

function changedFields({ fields = {}, ...manifest }: Manifest, written: Manifest): Manifest {
  const changed = Object.entries(fields).filter(([place, value]) => written.fields?.[place] !== value);
  return { ...manifest, fields: Object.fromEntries(changed) };
}

function protectionLost({ name, value }: Flag, written: Manifest): string[] {
  const wanted = written.flags.filter((flag) => flag.name === name);
  if (name in protectingFlags)
    return wanted.length > 0 ? [] : [`${protectingFlags[name] ?? name} (--${name}=${value})`];
  const kept = wanted.flatMap((flag) => entries(flag.value));
  return name in protectingLists ? entriesLost(name, value, kept) : [];
}

function repositoryOf({ image }: Manifest, written: Manifest): string[] {
  const repository = (name: string | undefined) => name?.slice(0, name.lastIndexOf('/')) ?? '';
  const [now, then] = [repository(image), repository(written.image)];
  if (image === undefined || then === '' || now === then) return [];
  return [now, then].every((one) => KUBEADM_REGISTRIES.includes(one)) ? [] : [`the image ${image} (then from ${then})`];
}

function isWritten(component: string, { name, value }: Flag, extra: Extra, config: KubeadmConfigFact): boolean {
  const wanted = extra.flags.filter((flag) => flag.name === name);
  if (wanted.length > 0) return wanted.some((flag) => flag.value === value || sameList(name, flag.value, value));
  if (!defaultFlags[component]?.includes(name)) return false;
  const known = defaultValues[component]?.[name];
  return known ? known.test(value) : isConfigured(name, value, config);
}

function sameList(name: string, one: string, other: string): boolean {
  return name in protectingLists && entries(one).toSorted().join() === entries(other).toSorted().join();
}

/** Values that kubeadm takes from its configuration; what that does not say is not judged. */
function isConfigured(name: string, value: string, { networking, certificatesDir }: KubeadmConfigFact): boolean {
  const wanted: Readonly<Record<string, string | undefined>> = {
    'cluster-cidr': networking?.podSubnet,
    'service-cluster-ip-range': networking?.serviceSubnet,
    'service-account-issuer':
      networking?.dnsDomain === undefined ? undefined : `https://kubernetes.default.svc.${networking.dnsDomain}`,
  };
  if (wanted[name] !== undefined) return value === wanted[name];
  const isFile = /-(file|cafile|certfile|keyfile|key|certificate)$/.test(name);
  return (
    !isFile ||
    certificatesDir === undefined ||
    /^(\/etc\/kubernetes\/)/.test(value) ||
    value.startsWith(`${certificatesDir}/`)
  );
}

function protection({ name, value }: Flag, extra: Extra): string[] {
  const wanted = extra.flags.filter((flag) => flag.name === name);
  if (name in protectingFlags)
    return wanted.length > 0 ? [] : [`${protectingFlags[name] ?? name} (--${name}=${value})`];
  if (!(name in protectingLists)) return [];
  // In place of the given ones kubeadm writes its own.
  const written =
    wanted.length > 0 ? wanted.flatMap((flag) => entries(flag.value)) : ['Node', 'RBAC', 'NodeRestriction'];
  return entriesLost(name, value, written);
}

function entriesLost(name: string, value: string, kept: readonly string[]): string[] {
  return entries(value)
    .filter((entry) => !kept.includes(entry))
    .map((entry) => `${protectingLists[name] ?? name} ${entry}`);
}

function entries(value: string): string[] {
  return value.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
}

/** kubeadm writes extraEnvs and, below them, the proxy variables of the shell that it runs in, and nothing else. */
function variablesOf(manifest: Manifest, extra: Extra, shell: readonly ProxyVariable[]) {
  const written = new Map([...shell, ...(extra.envs ?? [])].map(({ name, value }) => [name, value]));
  const has = manifest.env ?? [];
  const lost = has.filter(({ name, value }) => !written.has(name) || written.get(name) !== value);
  const added = [...written.keys()].filter((name) => !has.some((one) => one.name === name));
  return { lost: lost.map(({ name }) => name), added };
}

function fieldsOf(component: string, { fields = {} }: Manifest, { featureGates }: KubeadmConfigFact): string[] {
  return Object.entries(fields).flatMap(([place, value]) => {
    const resource = /^resources\.requests\.(.*)$/.exec(place)?.[1];
    if (resource !== undefined && defaultResources[component]?.[resource] === value) return [];
    if (featureGates?.['RootlessControlPlane'] && rootlessFields.test(place)) return [];
    const known = resource === undefined ? defaultFields.find(([pattern]) => pattern.test(place)) : undefined;
    return known?.[1].test(value) ? [] : [`${place}: ${value}`];
  });
}

function imageOf(component: string, { image }: Manifest, { imageRepository, etcd }: KubeadmConfigFact): string[] {
  const own = component === 'etcd' ? etcd?.imageRepository : undefined;
  const wanted = own ?? imageRepository;
  if (image === undefined || wanted === undefined) return [];
  const repository = image.slice(0, image.lastIndexOf('/'));
  if (repository === wanted || [repository, wanted].every((one) => KUBEADM_REGISTRIES.includes(one))) return [];
  return [`the image ${image} (kubeadm-config: from ${wanted})`];
}
