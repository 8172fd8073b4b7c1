import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Machine } from './machine.ts';

export const manifestsFolder = '/etc/kubernetes/manifests';

/**
 * The manifests that the kubelet runs, by the pod's name. It reads every file whose name does not begin with a dot, in
 * the order of their names, and the last pod of a name counts (kubernetes/pkg/kubelet/config/file.go: extractFromDir,
 * whose result goes into a store by name). Assumed: a change counts at once; the real one looks at the whole folder
 * every 20 s.
 */
export async function podManifests(machine: Machine): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (!(await machine.fs.exists(manifestsFolder))) return found;
  const names = (await machine.fs.readdir(manifestsFolder)).filter((name) => !name.startsWith('.'));
  for (const name of names.toSorted(byBytes)) {
    const path = `${manifestsFolder}/${name}`;
    if (!(await machine.fs.stat(path)).isFile) continue;
    const text = await machine.fs.readFile(path);
    const pod = podName(text);
    if (pod !== undefined) found.set(pod, text);
  }
  return found;
}

export function imageIn(manifest: string): string {
  return /^ *(?:- )?image: (\S+)$/m.exec(manifest)?.[1] ?? '';
}

const manifest = z.object({ metadata: z.object({ name: z.string() }) });

/** Of its first document; undefined for what is no object. */
function podName(text: string): string | undefined {
  const [document] = parseAllDocuments(text);
  const parsed = document?.errors.length === 0 ? manifest.safeParse(document.toJS()) : undefined;
  return parsed?.data?.metadata.name;
}

/** As Go sorts strings: by bytes, not by a language. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
