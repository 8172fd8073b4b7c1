import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Fact } from './fact.ts';
import { tagOf } from './lib/image.ts';

/** Images of /etc/kubernetes/manifests by component (`kube-apiserver`, `etcd` ...). Empty on workers. */
export interface StaticPodsFact {
  readonly components: Readonly<Record<string, { readonly image: string; readonly tag: string }>>;
  /** From the API server manifest's advertise-address annotation (else its flags): `10.0.0.11:6443`. */
  readonly apiServerEndpoint?: string;
}

/** Static pods as kubeadm writes them (its phases/controlplane). */
export const endpointAnnotation = 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint';

export const staticPods: Fact<StaticPodsFact> = {
  command: 'cat /etc/kubernetes/manifests/*.yaml',
  remedy: 'Look at that folder: every manifest in it must be a pod.',
  script: () =>
    `for file in /etc/kubernetes/manifests/*.yaml; do
  [ -f "$file" ] || continue
  printf -- '---\\n'; cat "$file" || exit; echo
done
true`,
  parse: parseStaticPods,
};

const manifestSchema = z.object({
  metadata: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({
    containers: z.array(
      z.object({ image: z.string(), command: z.array(z.string()).nullish(), args: z.array(z.string()).nullish() }),
    ),
  }),
});
type Manifest = z.infer<typeof manifestSchema>;

function parseStaticPods(output: string): StaticPodsFact {
  const components: Record<string, { image: string; tag: string }> = {};
  let endpoint: string | undefined;
  for (const document of parseAllDocuments(output)) {
    if (document.errors[0])
      throw new Error(`a manifest is not YAML: ${document.errors[0].message.split('\n')[0] ?? ''}`);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    const manifest = manifestSchema.safeParse(value);
    if (!manifest.success) throw new Error(`a manifest is not a pod: ${z.prettifyError(manifest.error)}`);
    const component = manifest.data.metadata.labels?.['component'] ?? manifest.data.metadata.name;
    const image = manifest.data.spec.containers[0]?.image ?? '';
    components[component] = { image, tag: tagOf(image) };
    if (component === 'kube-apiserver') endpoint = endpointOf(manifest.data);
  }
  return { components, ...(endpoint === undefined ? {} : { apiServerEndpoint: endpoint }) };
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
