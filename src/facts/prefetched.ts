import { z } from 'zod';
import type { Fact } from './fact.ts';
import { kubernetesPackages } from './packages.ts';

/** What lies ready on a node for later steps. */
export interface PrefetchedFact {
  /** By package: the revisions (`1.32.9-1.1`) whose archives are in the package manager's cache. */
  readonly archives: Readonly<Record<string, readonly string[]>>;
  /** By release (`1.32.9`): the images that a prefetch found this node to need for it. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** Names with tags of all images here; empty while nothing is noted in `needs`. */
  readonly images: readonly string[];
}

/** Where a prefetch notes which images a release needs on that node: a file `images-v1.32.9` with one name a line. */
export const prefetchFolder = '/var/cache/runbook';

/**
 * Shell lines that set `archives` to the folder in which apt keeps what it has fetched, without a slash at its end, and define
 * `rpm_archives NAME`, which prints the files of that package in the caches of dnf 4, dnf 5 and yum.
 */
export const findArchives = `archives=/var/cache/apt/archives
if command -v apt-config >/dev/null 2>&1; then eval "$(apt-config shell archives Dir::Cache::archives/d)"; fi
archives=\${archives%/}
rpm_archives() {
  for file in /var/cache/dnf/*/packages/"$1"-[0-9]*.rpm /var/cache/libdnf5/*/packages/"$1"-[0-9]*.rpm /var/cache/yum/*/*/*/packages/"$1"-[0-9]*.rpm; do
    if [ -f "$file" ]; then printf '%s\\n' "$file"; fi
  done
}`;

/** Shell lines that define `cri`: crictl at the runtime that the kubelet uses. */
export const findRuntime = `endpoint=$(cat /var/lib/kubelet/kubeadm-flags.env 2>/dev/null | sed -n 's/.*--container-runtime-endpoint=\\([^" ]*\\).*/\\1/p' | head -n 1)
[ -n "$endpoint" ] || endpoint=$(cat /var/lib/kubelet/instance-config.yaml /var/lib/kubelet/config.yaml 2>/dev/null | sed -n 's/^containerRuntimeEndpoint:[[:space:]]*//p' | tr -d '"' | head -n 1)
cri() {
  if [ -n "$endpoint" ]; then crictl -r "$endpoint" "$@"; else crictl "$@"; fi
}`;

/** What lies ready on the node for a later step: volatile, and asked for by `prefetch` alone. Nothing there is no failure. */
export const prefetched: Fact<PrefetchedFact> = {
  command: `ls /var/cache/apt/archives ${prefetchFolder}; crictl images -o json`,
  remedy: 'Look at these folders there.',
  script: () =>
    `${findArchives}
for name in ${kubernetesPackages.join(' ')}; do
  for file in "$archives/\${name}"_*.deb; do
    if [ -f "$file" ]; then printf 'archive: %s\\n' "\${file##*/}"; fi
  done
  rpm_archives "$name" | sed "s|.*/$name-|rpm: $name |"
done
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

export function parsePrefetched(output: string): PrefetchedFact {
  const [notes = '', images] = output.split(/^images:$/m);
  const archives: Record<string, string[]> = {};
  const needs: Record<string, string[]> = {};
  for (const line of notes.split('\n')) {
    // An epoch's colon is written as %3a in the names of archives.
    const [, name, revision] = /^archive: ([^_]+)_(?:[^_]*%3a)?([^_]+)_[^_]+\.deb$/.exec(line) ?? [];
    if (name !== undefined && revision !== undefined) (archives[name] ??= []).push(revision);
    const [, rpm, release] = /^rpm: (\S+) (\S+)\.[^.]+\.rpm$/.exec(line) ?? [];
    if (rpm !== undefined && release !== undefined) (archives[rpm] ??= []).push(release);
    const [, version, image] = /^needs: (\S+)(?: (\S+))?$/.exec(line) ?? [];
    if (version === undefined) continue;
    const needed = (needs[version] ??= []);
    if (image !== undefined) needed.push(image);
  }
  return { archives, needs, images: images === undefined ? [] : parseImages(images) };
}

/** crictl's JSON; or lines whose first word is a name or several with commas between, of ctr and smaller programs. */
function parseImages(output: string): string[] {
  const text = output.trim();
  if (text.startsWith('{')) {
    const list = imageList.safeParse(jsonOf(text));
    return list.success ? list.data.images.flatMap((image) => image.repoTags ?? []) : [];
  }
  return text.split('\n').flatMap((line) => line.trim().split(/\s+/)[0]?.split(',') ?? []);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
