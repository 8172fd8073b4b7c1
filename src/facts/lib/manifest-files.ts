import { z } from 'zod';
import { readYamlTexts } from './yaml.ts';

const folder = '/etc/kubernetes/manifests';

/** kubeadm's own static pods; etcd may be elsewhere. */
export const STATIC_PODS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Bytes of a file that are read: no manifest has as many. */
const most = 256 * 1024;

/** A file in the folder of static pods. */
export interface ManifestFile {
  /** Its name within the folder; empty where the output does not say. */
  readonly file: string;
  /** What stands in it: its first document, as the kubelet reads it. */
  readonly value?: unknown;
  /** Why it is not YAML. */
  readonly error?: string;
}

export const manifestsCommand = `head -c ${most} ${folder}/*`;

/**
 * Prints every file that the kubelet reads as a static pod: all whose names do not begin with a dot, whatever their
 * ending (pkg/kubelet/config/file.go: extractFromDir).
 */
export const manifestsScript = `for file in ${folder}/*; do
  [ -f "$file" ] || continue
  printf -- '--- # %s\\n' "$file"; head -c ${most} "$file" || exit; echo
done
true`;

const heading = new RegExp(`^--- # ${folder}/(.*)$`, 'm');

export function manifestFiles(output: string): readonly ManifestFile[] {
  const [start = '', ...parts] = output.split(heading);
  const named = parts.flatMap((file, at) => (at % 2 === 0 ? documentsOf(file, parts[at + 1] ?? '').slice(0, 1) : []));
  return [...documentsOf('', start), ...named];
}

function documentsOf(file: string, text: string): ManifestFile[] {
  return readYamlTexts(text).flatMap((read): ManifestFile[] => {
    if ('error' in read) return [{ file, error: read.error }];
    return read.value === null || read.value === undefined ? [] : [{ file, value: read.value }];
  });
}

const nameSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
});

/** The component that a manifest is of, and the pod's own name; undefined for what is no object. */
export function componentOf(value: unknown): { readonly component: string; readonly pod: string } | undefined {
  const parsed = nameSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { name, namespace, labels } = parsed.data.metadata;
  return { component: labels?.['component'] ?? name, pod: `${namespace ?? 'default'}/${name}` };
}

/** One manifest of each component: of several the one in the file that kubeadm writes, if there is such a file. */
export function chosen<T extends { readonly file: string; readonly component: string }>(found: readonly T[]): T[] {
  const components = [...new Set(found.map(({ component }) => component))];
  return components.flatMap((component) => {
    const all = found.filter((one) => one.component === component);
    const one = all.length > 1 ? all.find(({ file }) => file === `${component}.yaml`) : all[0];
    return one ? [one] : [];
  });
}
