import { z } from 'zod';
import type { Fact } from './fact.ts';
import { tagOf } from './lib/image.ts';
import { interruptedScript } from './lib/interrupted-kubeadm.ts';
import {
  chosen,
  componentOf,
  type ManifestFile,
  manifestFiles,
  manifestsCommand,
  manifestsScript,
  STATIC_PODS,
} from './lib/manifest-files.ts';
import { remembering } from './lib/remember.ts';

/** Images of /etc/kubernetes/manifests by component (`kube-apiserver`, `etcd` ...). Empty on workers. */
export interface StaticPodsFact {
  /** Of a component with several manifests, the one in the file that kubeadm writes; none without such a file. */
  readonly components: Readonly<Record<string, { readonly image: string; readonly tag: string }>>;
  /** From the API server manifest's advertise-address annotation (else its flags): `10.0.0.11:6443`. */
  readonly apiServerEndpoint?: string;
  /** Files by the component, or the pod's name, that more than one of them has. */
  readonly several?: Readonly<Record<string, readonly string[]>>;
  /** Components whose manifest an interrupted kubeadm has moved away and not replaced, with its backup. */
  readonly interrupted?: Readonly<Record<string, string>>;
  /** Files of none of kubeadm's components that the kubelet reads all the same. */
  readonly strangers?: readonly StrangeFile[];
}

export interface StrangeFile {
  readonly file: string;
  /** The pod in it. */
  readonly pod?: string;
  /** Why it is no pod. */
  readonly error?: string;
}

/** Static pods as kubeadm writes them (its phases/controlplane). */
export const endpointAnnotation = 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint';

export const staticPods: Fact<StaticPodsFact> = {
  command: manifestsCommand,
  remedy: 'Look at that folder: every file in it must be the manifest of a pod.',
  script: () => `${manifestsScript}\n{ ${interruptedScript}; } | sed 's/^/--- # interrupted /'`,
  parse: remembering(parseStaticPods),
};

const BACKUP = /^--- # interrupted (\S+) (\S+)\n/gm;

const manifestSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).nullish() }),
  spec: z.object({
    containers: z.array(
      z.object({ image: z.string(), command: z.array(z.string()).nullish(), args: z.array(z.string()).nullish() }),
    ),
  }),
});
type Manifest = z.infer<typeof manifestSchema>;

interface Found {
  readonly file: string;
  readonly component: string;
  readonly pod: string;
  readonly manifest: Manifest;
}

function parseStaticPods(output: string): StaticPodsFact {
  const found: Found[] = [];
  const strangers: StrangeFile[] = [];
  const interrupted = Object.fromEntries([...output.matchAll(BACKUP)].map(([, name = '', file = '']) => [name, file]));
  for (const entry of manifestFiles(output.replaceAll(BACKUP, ''))) {
    const read = foundIn(entry);
    if (typeof read !== 'string') {
      found.push(read);
      if (!STATIC_PODS.includes(read.component)) strangers.push({ file: entry.file, pod: read.component });
      continue;
    }
    // Without a manifest of its own a control plane cannot be judged.
    if (entry.file === '' || STATIC_PODS.some((name) => entry.file === `${name}.yaml`))
      throw new Error(`a manifest ${read}`);
    strangers.push({ file: entry.file, error: read });
  }
  const several = severalOf(found);
  const single = chosen(found);
  const server = single.find(({ component }) => component === 'kube-apiserver');
  const endpoint = server && endpointOf(server.manifest);
  return {
    components: Object.fromEntries(single.map(({ component, manifest }) => [component, imageOf(manifest)])),
    ...(endpoint === undefined ? {} : { apiServerEndpoint: endpoint }),
    ...(Object.keys(several).length > 0 ? { several } : {}),
    ...(Object.keys(interrupted).length > 0 ? { interrupted } : {}),
    ...(strangers.length > 0 ? { strangers } : {}),
  };
}

/** A manifest, or why it is none. */
function foundIn({ file, value, error }: ManifestFile): Found | string {
  if (error !== undefined) return `is not YAML: ${error}`;
  const named = componentOf(value);
  const manifest = manifestSchema.safeParse(value);
  if (!named || !manifest.success) {
    const at = (manifest.error?.issues ?? []).map(({ path }) => path.join('.')).filter((path) => path !== '');
    return `is not a pod${at.length > 0 ? ` (see ${at.join(', ')})` : ''}`;
  }
  return { file, ...named, manifest: manifest.data };
}

function imageOf({ spec }: Manifest): { readonly image: string; readonly tag: string } {
  const image = spec.containers[0]?.image ?? '';
  return { image, tag: tagOf(image) };
}

/** The kubelet starts one pod of a name, the last by its file's name; pods of one component get in each other's way. */
function severalOf(found: readonly Found[]): Record<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const one of found) {
    const same = found.filter(({ pod, component }) => pod === one.pod || component === one.component);
    if (same.length > 1 && !names.has(one.component))
      names.set(
        one.component,
        same.map(({ file }) => file),
      );
  }
  return Object.fromEntries(names);
}

function endpointOf(manifest: Manifest): string | undefined {
  const container = manifest.spec.containers[0];
  const words = [...(container?.command ?? []), ...(container?.args ?? [])];
  const flag = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const address = flag('advertise-address');
  const annotated = manifest.metadata.annotations?.[endpointAnnotation];
  return annotated ?? (address === undefined ? undefined : hostPort(address, flag('secure-port') ?? '6443'));
}

/** `10.0.0.11:6443`, `[fd00::11]:6443` */
export function hostPort(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
