import { startsWithItsFiles } from './component-start.ts';
import { tagOf } from './releases.ts';
import { quote } from './shell/quote.ts';
import { work } from './clock.ts';
import { dataFile, imageOf, loadImage, readFile } from './etcd-data.ts';
import { dataDirOf } from './etcd-external.ts';
import { isAlive } from './etcd-members.ts';
import { hexOf } from './identity.ts';
import { putFile } from './machine-files.ts';
import type { Machine } from './machine.ts';
import { imageIn, manifestsFolder, podManifests } from './pod-files.ts';
import { compareVersions } from './releases.ts';
import { etcdMachines, type World } from './world.ts';

/** Milliseconds of simulated work: until the kubelet sees a changed manifest; until a container ends and starts. */
const noticed = 500;
const starting = 1500;
/** Where the lab keeps what an image of etcd has in /usr/local/bin. */
const imagePrograms = '/usr/lib/lab/etcd-image';

export const etcdPrograms = ['etcdctl', 'etcdutl'] as const;
/** The shell knows the programs of etcd's image by these names: no machine has them in its PATH. */
export const imageProgram = (name: string): string => `lab-image-${name}`;

export function isEtcdProgram(name: string): boolean {
  return etcdPrograms.some((program) => program === name);
}

/** It is in the image of etcd only. */
export function isWithin(machine: Machine, name: string): boolean {
  const installed = machine.etcd.unit !== undefined || (machine.isControlPlane && machine.etcdEndpoints !== undefined);
  return !installed && isEtcdProgram(name);
}

/** A command line that runs within the container of etcd, where nothing but its programs is. */
export function inImage(words: readonly string[]): string {
  const [program = '', ...args] = words;
  const name = isEtcdProgram(program) ? imageProgram(program) : `/nonexistent/${program}`;
  return [name, ...args].map(quote).join(' ');
}

/** The image's programs, which root finds below /proc/PID/root and copies; with an external etcd, in /usr/local/bin. */
export async function writeEtcdPrograms(machine: Machine): Promise<void> {
  const folder = machine.etcdEndpoints ? '/usr/local/bin' : imagePrograms;
  for (const name of etcdPrograms) await putFile(machine, `${folder}/${name}`, imageScript(name), 0o755);
}

/** Another release of etcd than that of Kubernetes; before 3.5 there is no etcdutl. */
export async function becomeEtcd(machine: Machine, version: string): Promise<void> {
  const pod = machine.staticPods.get('etcd');
  if (!pod) return;
  const image = pod.image.replace(/:[^:]*$/, `:${version}-0`);
  const file = `${manifestsFolder}/etcd.yaml`;
  const text = await machine.fs.readFile(file);
  await machine.fs.writeFile(file, text.replaceAll(pod.image, image));
  pod.image = image;
  machine.pulledImages.add(image);
  if (compareVersions(version, '3.5.0') < 0) await machine.fs.rm(`${imagePrograms}/etcdutl`, { force: true });
}

/** The lab's shell loses arguments of a file beyond the ninth where they are taken together. */
function imageScript(name: string): string {
  return `#!/bin/sh\nwords=\nfor word; do words="$words '$word'"; done\neval "${imageProgram(name)} $words"\n`;
}

/** The real path of one below /proc/PID/root of the running etcd. */
export function throughProc(path: string, etcdPid: number | undefined, withoutImage: boolean): string {
  const [, pid, rest = ''] = /^\/proc\/(\d+)\/root(\/.*)$/.exec(path) ?? [];
  if (pid === undefined || Number(pid) !== etcdPid) return path;
  if (withoutImage) return rest;
  const program = etcdPrograms.find((name) => rest === `/usr/local/bin/${name}`);
  if (program !== undefined) return `${imagePrograms}/${program}`;
  return /^\/(usr|bin|sbin)\//.test(rest) ? '/nonexistent' : rest;
}

/** A manifest came or went: the kubelet of a machine looks, if it runs. */
export function manifestChanged(machine: Machine, path: string): void {
  const { syncPods } = machine;
  if (syncPods && path.startsWith(`${manifestsFolder}/`)) void work(machine.clock, noticed).then(syncPods);
}

/** As the kubelet does it: a pod for each manifest, none without, another one where its image is another. */
export async function syncStaticPods(machine: Machine, world: World): Promise<void> {
  if (!machine.up || machine.kubelet.stoppedAt !== undefined || !machine.isControlPlane) return;
  const manifests = await podManifests(machine);
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
    const manifest = manifests.get(name);
    const pod = machine.staticPods.get(name);
    if (pod && (manifest === undefined || pod.image !== imageIn(manifest))) {
      if (name === 'etcd') {
        machine.etcd.lastImage = pod.image;
        await keepData(machine, world);
      }
      machine.staticPods.delete(name);
    }
    if (manifest !== undefined && !machine.staticPods.has(name)) await startPod(machine, world, name, manifest);
  }
}

async function startPod(machine: Machine, world: World, name: string, manifest: string): Promise<void> {
  const image = imageIn(manifest);
  const now = machine.clock.now();
  const startedAt = now + noticed / machine.clock.scale;
  const pod = { image, hash: hexOf(`${machine.name}/${image}`, 32), startedAt, restarts: 0, readyAt: Infinity };
  if (name === 'etcd' && !(await takeData(machine, world, settingOf(manifest, 'data-dir')))) {
    machine.staticPods.set(name, pod);
    return;
  }
  const starts = await startsWithItsFiles(machine, manifest, tagOf(image));
  machine.staticPods.set(name, starts ? { ...pod, readyAt: startedAt + starting / machine.clock.scale } : pod);
}

/** A flag of etcd in a manifest or a unit. */
export function settingOf(text: string, name: string): string | undefined {
  return new RegExp(`--${name}[= ](\\S+)`).exec(text)?.[1];
}

/** What the member leaves in its data folder when it ends. */
export async function keepData(machine: Machine, world: World): Promise<void> {
  const folder = machine.etcd.dataDir ?? '/var/lib/etcd';
  if (!(await machine.fs.exists(`${folder}/member`))) return;
  await putFile(machine, `${folder}/member/snap/db`, dataFile(imageOf(world.cluster)), 0o600);
}

/** Starts a member on its data; false: it has none that it could start with. */
export async function takeData(machine: Machine, world: World, folder = '/var/lib/etcd'): Promise<boolean> {
  machine.etcd.dataDir = folder;
  const file = `${folder}/member/snap/db`;
  if (!(await machine.fs.exists(file))) return false;
  const { image } = readFile(await machine.fs.readFileBuffer(file));
  // The first data of a lab is no image: it represents what its cluster has.
  const { store } = world.cluster;
  machine.etcd.clusterId = image ? BigInt(image.clusterId) : store.clusterId;
  const others = etcdMachines(world).some((other) => other !== machine && isAlive(other));
  if (image && machine.etcd.clusterId !== store.clusterId && !others) loadImage(world.cluster, image);
  return true;
}

/** Starts etcd.service as systemd does: active at once, it serves a little later if its data are its cluster's. */
export async function startEtcdUnit(machine: Machine, world: World): Promise<void> {
  const { unit } = machine.etcd;
  if (!unit || unit.active) return;
  const hasData = await takeData(machine, world, await dataDirOf(machine));
  unit.startedAt = machine.clock.now();
  unit.readyAt = hasData ? unit.startedAt + starting / machine.clock.scale : Infinity;
  unit.pid = machine.newPid();
  unit.active = true;
}

export async function stopEtcdUnit(machine: Machine, world: World): Promise<void> {
  const { unit } = machine.etcd;
  if (!unit?.active) return;
  await keepData(machine, world);
  unit.active = false;
}

/** The unit is enabled: it comes up with its machine. */
export function bootEtcd(machine: Machine): void {
  const { unit } = machine.etcd;
  if (!unit) return;
  unit.startedAt = machine.bootedAt;
  unit.readyAt = machine.bootedAt + starting / machine.clock.scale;
  unit.pid = machine.newPid();
  unit.active = true;
}
