import { z } from 'zod';
import { prefetchFolder } from '../packages/lib/work.ts';
import { kubernetesPackages } from '../packages/manager.ts';
import { onNode, readings } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

/** What lies ready on a node for later steps. */
export interface PrefetchedFact {
  /** By package: the revisions (`1.32.9-1.1`) whose archives are in the package manager's cache. */
  readonly archives: Readonly<Record<string, readonly string[]>>;
  /** By release (`1.32.9`): the images that a prefetch found this node to need for it. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** Names with tags of all images here; empty while nothing is noted in `needs`. */
  readonly images: readonly string[];
}

/** Shell lines that define `archives NAME`, which prints `archive: FILE` of each downloaded package of that name. */
export const findArchives = onNode(({ archives }) => archives, 'archives() { :; }');

/** Shell lines that define `cri`: crictl at the runtime that the kubelet uses. */
export const findRuntime = `endpoint=$(cat /var/lib/kubelet/kubeadm-flags.env 2>/dev/null | sed -n 's/.*--container-runtime-endpoint=\\([^" ]*\\).*/\\1/p' | head -n 1)
[ -n "$endpoint" ] || endpoint=$(cat /var/lib/kubelet/instance-config.yaml /var/lib/kubelet/config.yaml 2>/dev/null | sed -n 's/^containerRuntimeEndpoint:[[:space:]]*//p' | tr -d '"' | head -n 1)
cri() {
  if [ -n "$endpoint" ]; then crictl -r "$endpoint" "$@"; else crictl "$@"; fi
}`;

const caches = readings.flatMap((reading) => reading.caches).join(' ');

/** What is ready on the node for a later step: volatile, read only for `prefetch`. To find nothing is no failure. */
export const prefetched: Fact<PrefetchedFact> = {
  command: `ls ${caches} ${prefetchFolder}; crictl images -o json`,
  remedy: 'Look at these folders there.',
  script: () =>
    `${findArchives}
for name in ${kubernetesPackages.join(' ')}; do archives "$name"; done
noted=no
for file in ${prefetchFolder}/images-v*; do
  [ -f "$file" ] || continue
  noted=yes
  printf 'needs: %s\\n' "\${file##*/images-v}"
  sed "s/^/needs: \${file##*/images-v} /" "$file"
done
if [ "$noted" = yes ]; then
${findRuntime}
  echo 'images:'
  if command -v crictl >/dev/null 2>&1; then cri images -o json 2>/dev/null
  elif command -v ctr >/dev/null 2>&1; then ctr -n k8s.io images ls -q 2>/dev/null
  fi
fi
true`,
  parse: parsePrefetched,
};

const imageList = z.object({ images: z.array(z.object({ repoTags: z.array(z.string()).nullish() })) });

function parsePrefetched(output: string): PrefetchedFact {
  const [notes = '', images] = output.split(/^images:$/m);
  const archives: Record<string, string[]> = {};
  const needs: Record<string, string[]> = {};
  for (const line of notes.split('\n')) {
    const file = /^archive: (.+)$/.exec(line)?.[1];
    const found = file === undefined ? undefined : archiveOf(file);
    if (found) (archives[found.name] ??= []).push(found.revision);
    const [, version, image] = /^needs: (\S+)(?: (\S+))?$/.exec(line) ?? [];
    if (version === undefined) continue;
    const needed = (needs[version] ??= []);
    if (image !== undefined) needed.push(image);
  }
  return { archives, needs, images: images === undefined ? [] : parseImages(images) };
}

function archiveOf(file: string) {
  return readings.map((reading) => reading.archiveOf(file)).find((found) => found !== undefined);
}

/** crictl's JSON; or lines whose first word is a name or several with commas between, of ctr and smaller programs. */
function parseImages(output: string): string[] {
  const text = output.trim();
  if (text.startsWith('{')) {
    const list = imageList.safeParse(jsonOf(text));
    return list.success ? list.data.images.flatMap((image) => image.repoTags ?? []) : [];
  }
  return text.split('\n').flatMap((line) => /\S+/.exec(line)?.[0].split(',') ?? []);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
