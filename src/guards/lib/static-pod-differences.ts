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

interface Variable {
  readonly name: string;
  readonly value?: string;
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
  const extra = config.extra?.[component] ?? none;
  return told(component, manifest, {
    flags: extra.flags,
    volumes: extra.volumes,
    sidecars: [],
    // Below extraEnvs it writes the proxy variables of the shell that it runs in, and nothing else.
    env: [...shell, ...(extra.envs ?? [])],
    // In place of given lists kubeadm writes its own.
    lists: ['Node', 'RBAC', 'NodeRestriction'],
    gone: manifest.flags.filter((flag) => !isWritten(component, flag, extra, config)),
    added: extra.flags,
    others: [...fieldsOf(component, manifest, config), ...imageOf(component, manifest, config)],
  });
}

/**
 * What is different in a static pod as the target's own kubeadm would write it, with patches: what changes by the
 * release itself is left out, and only that is judged by the tables.
 */
export function differencesFrom(
  component: string,
  manifest: Manifest,
  written: Manifest,
  config: KubeadmConfigFact,
): Differences | undefined {
  const known = defaultFlags[component];
  if (!known) return undefined;
  const same = ({ name, value }: Flag) =>
    written.flags.some((flag) => flag.name === name && (flag.value === value || sameList(name, flag.value, value)));
  return told(component, manifest, {
    ...written,
    env: written.env ?? [],
    lists: [],
    gone: manifest.flags.filter((flag) => !same(flag) && !isWritten(component, flag, none, config)),
    added: written.flags.filter(({ name }) => !known.includes(name)),
    others: [
      ...fieldsOf(component, changedFields(manifest, written), config),
      ...repositoryLost(manifest, repositoryIn(written), 'then from'),
    ],
  });
}

const none: Extra = { flags: [], volumes: [] };

/** What kubeadm writes. */
interface Written {
  readonly flags: readonly Flag[];
  /** Entries of lists that protect, where it writes them without being told. */
  readonly lists: readonly string[];
  readonly volumes: readonly string[];
  readonly sidecars: readonly string[];
  readonly env: readonly Variable[];
  /** Flags of the manifest that it does not write so. */
  readonly gone: readonly Flag[];
  /** Flags that are none of the release's own. */
  readonly added: readonly Flag[];
  /** Whatever else is lost. */
  readonly others: readonly string[];
}

function told(component: string, manifest: Manifest, written: Written): Differences {
  const protecting = (flag: Flag) => (component === 'kube-apiserver' ? protectionLost(flag, written) : []);
  const volumes = manifest.volumes.filter(
    (name) => !written.volumes.includes(name) && !defaultVolumes.some((pattern) => pattern.test(name)),
  );
  const has = manifest.env ?? [];
  const env = new Map(written.env.map(({ name, value }) => [name, value]));
  const notIn = (names: readonly { readonly name: string }[]) => (name: string) =>
    !names.some((one) => one.name === name);
  return {
    unprotected: written.gone.flatMap(protecting),
    lost: [
      ...written.gone.filter((flag) => protecting(flag).length === 0).map(({ name, value }) => `--${name}=${value}`),
      ...volumes.map((name) => `the volume ${name}`),
      ...manifest.sidecars.filter((name) => !written.sidecars.includes(name)).map((name) => `the container ${name}`),
      ...has
        .filter(({ name, value }) => !env.has(name) || env.get(name) !== value)
        .map(({ name }) => `the variable ${name}`),
      ...written.others,
    ],
    added: [
      ...written.added
        .map(({ name }) => name)
        .filter(notIn(manifest.flags))
        .map((name) => `--${name}`),
      ...[...env.keys()].filter(notIn(has)).map((name) => `the variable ${name}`),
    ],
  };
}

function changedFields({ fields = {}, ...manifest }: Manifest, written: Manifest): Manifest {
  const changed = Object.entries(fields).filter(([place, value]) => written.fields?.[place] !== value);
  return { ...manifest, fields: Object.fromEntries(changed) };
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

function protectionLost({ name, value }: Flag, { flags, lists }: Written): string[] {
  const wanted = flags.filter((flag) => flag.name === name);
  if (name in protectingFlags)
    return wanted.length > 0 ? [] : [`${protectingFlags[name] ?? name} (--${name}=${value})`];
  if (!(name in protectingLists)) return [];
  const kept = wanted.length > 0 ? wanted.flatMap((flag) => entries(flag.value)) : lists;
  return entries(value)
    .filter((entry) => !kept.includes(entry))
    .map((entry) => `${protectingLists[name] ?? name} ${entry}`);
}

function entries(value: string): string[] {
  return value.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [entry.trim()]));
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

function imageOf(component: string, manifest: Manifest, { imageRepository, etcd }: KubeadmConfigFact): string[] {
  const own = component === 'etcd' ? etcd?.imageRepository : undefined;
  return repositoryLost(manifest, own ?? imageRepository, 'kubeadm-config: from');
}

function repositoryLost(manifest: Manifest, wanted: string | undefined, says: string): string[] {
  const repository = repositoryIn(manifest);
  if (manifest.image === undefined || repository === undefined || wanted === undefined) return [];
  if (repository === wanted || [repository, wanted].every((one) => KUBEADM_REGISTRIES.includes(one))) return [];
  return [`the image ${manifest.image} (${says} ${wanted})`];
}

function repositoryIn({ image }: Manifest): string | undefined {
  return image?.slice(0, image.lastIndexOf('/'));
}
