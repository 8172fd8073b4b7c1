import { stringify } from 'yaml';
import { hexOf } from '../identity.ts';
import { putFile } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import { manifestOf } from '../manifests.ts';
import { manifestsFolder } from '../pod-files.ts';
import type { TwinManifest, TwinNodeFacts } from './document.ts';
import { unflatten } from './unflatten.ts';

type ConfigFile = NonNullable<TwinNodeFacts['configFiles']>[number];

/** The static pods' manifests with every edit that the facts show, what lies beside them, and the files they name. */
export async function writeManifests(machine: Machine, facts: TwinNodeFacts): Promise<void> {
  const { staticPods, manifests = {}, configFiles = [] } = facts;
  if (!staticPods) return;
  for (const name of await machine.fs.readdir(manifestsFolder).catch(() => []))
    await machine.fs.rm(`${manifestsFolder}/${name}`, { force: true });
  machine.staticPods.clear();
  const { components, several = {}, strangers = [], interrupted = {} } = staticPods;
  const texts = new Map<string, string>();
  for (const [component, { image }] of Object.entries(components)) {
    const own = manifests[component];
    const files = configFiles.filter((one) => one.component === component);
    texts.set(
      component,
      own ? manifestText(component, { ...own, image }, files) : manifestOf(component, image, machine),
    );
  }
  // Without a file of kubeadm's name of all that are there none counts.
  for (const component of Object.keys(several))
    if (!texts.has(component)) texts.set(component, manifestOf(component, 'registry.example.com/unknown:1', machine));
  for (const [component, text] of texts)
    for (const file of several[component] ?? [fileOf(component, strangers)])
      await putFile(machine, `${manifestsFolder}/${file}`, text, 0o600);
  for (const { file, pod, error } of strangers) {
    if (pod !== undefined && texts.has(pod)) continue;
    const text = error === undefined ? strangerText(pod ?? 'stranger') : 'no pod: true\n';
    await putFile(machine, `${manifestsFolder}/${file}`, text, 0o600);
  }
  for (const [component, backup] of Object.entries(interrupted)) {
    const text = manifestOf(component, 'registry.example.com/unknown:1', machine);
    await putFile(machine, backup, text, 0o600);
    await putFile(machine, `/etc/kubernetes/tmp/kubeadm-upgraded-manifests1/${component}.yaml`, text, 0o600);
  }
  for (const [component, { image }] of Object.entries(components)) startPod(machine, component, image);
  await writeConfigFiles(machine, configFiles);
  for (const [component, text] of texts) machine.manifestsBefore.set(component, text);
  for (const [release, answer] of Object.entries(facts.targetKubeadm ?? {}))
    machine.writtenByKubeadm.set(
      release,
      Object.fromEntries(
        Object.entries(answer.manifests ?? {}).map(([name, one]) => [name, manifestText(name, one, configFiles)]),
      ),
    );
}

function fileOf(component: string, strangers: readonly { readonly file: string; readonly pod?: string | undefined }[]) {
  return strangers.find(({ pod }) => pod === component)?.file ?? `${component}.yaml`;
}

function startPod(machine: Machine, component: string, image: string): void {
  machine.pulledImages.add(image);
  const { bootedAt } = machine;
  machine.staticPods.set(component, {
    image,
    hash: hexOf(`${machine.name}/${image}`, 32),
    startedAt: bootedAt,
    restarts: 0,
    readyAt: bootedAt,
  });
}

function strangerText(name: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system' },
    spec: { containers: [{ image: 'registry.example.com/stranger:1', name }] },
  });
}

/** The manifest that reads back as these facts: its lines in the form in which kubeadm writes them. */
export function manifestText(component: string, manifest: TwinManifest, files: readonly ConfigFile[]): string {
  const { flags, volumes, sidecars, image, env, fields = {} } = manifest;
  const leaves = Object.entries(fields).map(([path, text]) => [path, typed(text)] as const);
  const below = (prefix: string) =>
    leaves.flatMap(([path, value]) => (path.startsWith(prefix) ? [[path.slice(prefix.length), value] as const] : []));
  const ofContainer = leaves.filter(([path]) => !/^(spec|metadata)\./.test(path));
  const text = (entries: readonly (readonly [string, unknown])[]) =>
    Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
  const labels = text(below('metadata.labels.'));
  const annotations = text(below('metadata.annotations.'));
  const mounts = mountsOf(volumes, flags, files);
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
        ...(Object.keys(labels).length > 0 ? { labels } : {}),
        name: component,
        namespace: 'kube-system',
      },
      spec: {
        containers: [
          {
            command: [component, ...flags.map(({ name, value }) => `--${name}=${value}`)],
            ...(env?.length ? { env: env.map(({ name, value }) => ({ name, value: value ?? 'unknown' })) } : {}),
            image: image ?? '',
            name: component,
            ...unflatten(ofContainer),
            volumeMounts: mounts.map(({ name, inside }) => ({ mountPath: inside, name })),
          },
          ...sidecars.map((name) => ({ image: 'registry.example.com/sidecar:1', name })),
        ],
        ...unflatten(below('spec.')),
        volumes: mounts.map(({ name, host }) => ({ hostPath: { path: host }, name })),
      },
      status: {},
    },
    { lineWidth: 0, indentSeq: false },
  );
}

function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+$/.test(text) && String(Number(text)) === text ? Number(text) : text;
}

const usualPaths: Readonly<Record<string, string>> = {
  'ca-certs': '/etc/ssl/certs',
  'etc-ca-certificates': '/etc/ca-certificates',
  'etc-pki': '/etc/pki',
  'etcd-certs': '/etc/kubernetes/pki/etcd',
  'etcd-data': '/var/lib/etcd',
  'flexvolume-dir': '/usr/libexec/kubernetes/kubelet-plugins/volume/exec',
  'k8s-certs': '/etc/kubernetes/pki',
  kubeconfig: '/etc/kubernetes/controller-manager.conf',
  'usr-local-share-ca-certificates': '/usr/local/share/ca-certificates',
  'usr-share-ca-certificates': '/usr/share/ca-certificates',
};

/** A volume that is not kubeadm's own has the file of a flag that is elsewhere in the container than on the node. */
function mountsOf(
  volumes: readonly string[],
  flags: TwinManifest['flags'],
  files: readonly ConfigFile[],
): { readonly name: string; readonly inside: string; readonly host: string }[] {
  const elsewhere = flags.flatMap(({ name, value }) => {
    const file = files.find((one) => one.flag === name)?.file;
    return file === undefined || file === value ? [] : [{ inside: folderOf(value), host: folderOf(file) }];
  });
  const moved = [...new Map(elsewhere.map((one) => [one.inside, one])).values()];
  return volumes.map((name) => {
    const path = usualPaths[name] ?? `/var/lib/lab/volumes/${name}`;
    const own = name in usualPaths ? undefined : moved.shift();
    return { name, ...(own ?? { inside: path, host: path }) };
  });
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** What is said of such a file are its kinds; one of an admission configuration names the others. */
async function writeConfigFiles(machine: Machine, files: readonly ConfigFile[]): Promise<void> {
  for (const [index, { component, flag, file, kinds, kms = [], missing }] of files.entries()) {
    if (missing) continue;
    const isFirst = files.findIndex((one) => one.component === component && one.flag === flag) === index;
    const others = isFirst
      ? files.filter((one) => one !== files[index] && one.component === component && one.flag === flag)
      : [];
    const [own, ...embedded] = kinds.map((kind) => kind.split(' '));
    await putFile(
      machine,
      file,
      [
        `apiVersion: ${own?.[0] ?? ''}\nkind: ${own?.[1] ?? ''}\n`,
        ...others.map((one) => `path: ${one.file}\n`),
        ...embedded.map(([version, kind]) => `- apiVersion: ${version}\n  kind: ${kind}\n`),
        ...kms.map((version) => `- kms:\n    apiVersion: ${version}\n`),
      ].join(''),
      0o600,
    );
  }
}
