import { work } from '../clock.ts';
import { hexOf } from '../identity.ts';
import { putFile } from '../machine-files.ts';
import { startsWithItsFiles } from '../component-start.ts';
import { manifestOf } from '../manifests.ts';
import { imageIn, podManifests } from '../pod-files.ts';
import { controlPlaneComponents, findMinor, imagesOf, minorNumber, minorOf, registry, tagOf } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import { controlPlanes } from '../world.ts';
import { patched } from './kubeadm-patches.ts';
import { enter } from './kubeadm-phases.ts';

/** Milliseconds of simulated work for each component. */
const componentWork = 600;

export function say(context: ToolContext, lines: readonly string[]): void {
  context.out(lines.map((line) => `${line}\n`).join(''));
}

/** The manifest as kubeadm writes it here by the ClusterConfiguration, before patches. */
export function manifestByKubeadm({ machine, world }: ToolContext, component: string, image: string): string {
  const said = [...machine.writtenByKubeadm.values()].map((files) => files[component]);
  const known = said.find((text) => text !== undefined && imageIn(text) === image);
  if (known !== undefined) return known;
  // What kubeadm would leave out of one that was edited by hand is not known.
  const before = machine.manifestsBefore.get(component);
  if (before !== undefined) return before.replace(/^( *(?:- )?image: )\S+$/m, `$1${image}`);
  return manifestOf(component, image, machine, world.cluster.extras.extraArgs[component]);
}

const phaseOf = {
  etcd: 'etcd',
  'kube-apiserver': 'control-plane',
  'kube-controller-manager': 'kube-controller-manager',
  'kube-scheduler': 'kube-scheduler',
} as const;

/** Milliseconds for which kubeadm waits for the kubelet to run another pod. */
const patience = 300_000;

/**
 * etcd, then the API server, the controller manager, the scheduler: swap the manifest, wait for the kubelet. kubeadm
 * goes by the hash of the mirror pod (phases/upgrade/staticpods.go): it sees that it changed, not what runs. @returns
 * why it did not work
 */
export async function upgradeStaticPods(
  context: ToolContext,
  version: string,
  options: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  const { machine } = context;
  const { etcdTag } = context.world.cluster.extras;
  const images: Readonly<Record<string, string>> = {
    ...imagesOf(version),
    ...(etcdTag === undefined ? {} : { etcd: `${registry}/etcd:${etcdTag}` }),
  };
  const moved = new Map<string, string>();
  const stamp = new Date(machine.clock.now()).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  const stacked = options.get('etcd-upgrade') !== 'false' && machine.etcdEndpoints === undefined;
  for (const component of [...(stacked ? (['etcd'] as const) : []), ...controlPlaneComponents]) {
    await enter(context, phaseOf[component]);
    const image = images[component] ?? '';
    const pod = machine.staticPods.get(component);
    say(context, [`[upgrade/staticpods] Preparing for "${component}" upgrade`]);
    if (!pod || pod.image === image) {
      say(context, [`[upgrade/staticpods] Current and new manifests of ${component} are equal, skipping upgrade`]);
      continue;
    }
    const manifest = `/etc/kubernetes/manifests/${component}.yaml`;
    const backup = `/etc/kubernetes/tmp/kubeadm-backup-manifests-${stamp}/${component}.yaml`;
    const written = await patched(
      machine,
      options.get('patches'),
      component,
      manifestByKubeadm(context, component, image),
    );
    if ('error' in written) return `failed to patch static Pod manifest file for "${component}": ${written.error}`;
    const upgraded = `/etc/kubernetes/tmp/kubeadm-upgraded-manifests${stamp.replaceAll('-', '')}`;
    await putFile(machine, `${upgraded}/${component}.yaml`, written.text, 0o600);
    await putFile(machine, backup, await machine.fs.readFile(manifest), 0o600);
    await machine.fs.rm(manifest);
    if (component === 'kube-apiserver') await enter(context, 'swap');
    if (component !== 'etcd') moved.set(manifest, backup);
    await putFile(machine, manifest, written.text, 0o600);
    await machine.fs.rm(upgraded, { recursive: true, force: true });
    say(context, [
      `[upgrade/staticpods] Moved new manifest to "${manifest}" and backed up old manifest to "${backup}"`,
      '[upgrade/staticpods] Waiting for the kubelet to restart the component',
      '[upgrade/staticpods] This can take up to 5m0s',
    ]);
    machine.pulledImages.add(image);
    const runs = imageIn((await podManifests(machine)).get(component) ?? '');
    if (runs === pod.image) {
      await work(machine.clock, patience, context.signal);
      await rollBack(context, moved);
      return `static Pod hash for component ${component} on Node ${machine.name} did not change after 5m0s: timed out waiting for the condition`;
    }
    if (!(await startsWithItsFiles(machine, written.text, version))) {
      await work(machine.clock, patience, context.signal);
      await rollBack(context, moved);
      return 'timed out waiting for the condition';
    }
    if (component === 'kube-apiserver') machine.deprecatedRequests = [];
    Object.assign(pod, {
      image: runs,
      hash: hexOf(`${machine.name}/${runs}`, 32),
      startedAt: machine.clock.now(),
      restarts: 0,
      readyAt: machine.clock.now() + componentWork / 2 / machine.clock.scale,
    });
    await work(machine.clock, componentWork, context.signal);
    say(context, [
      `[apiclient] Found ${controlPlanes(context.world).length} Pods for label selector component=${component}`,
      `[upgrade/staticpods] Component "${component}" upgraded successfully!`,
    ]);
  }
  return undefined;
}

/** kubeadm moves all manifests back that it has moved, but etcd's (rollbackOldManifests); the kubelet follows. */
async function rollBack({ machine, signal }: ToolContext, moved: ReadonlyMap<string, string>): Promise<void> {
  for (const [manifest, backup] of moved) await putFile(machine, manifest, await machine.fs.readFile(backup), 0o600);
  await work(machine.clock, componentWork, signal);
}

/** The first minor whose kubeadm lets CoreDNS and kube-proxy wait for the last control plane (1.28 release notes). */
export const ADDONS_WAIT = 28;

/** Before {@link ADDONS_WAIT}, the `apply` of the first control plane does it, and no `node`. */
export async function upgradeAddons(context: ToolContext, version: string): Promise<void> {
  await enter(context, 'addons');
  const { cluster } = context.world;
  const behind = controlPlanes(context.world).filter(
    (machine) =>
      minorNumber(version) >= ADDONS_WAIT && tagOf(machine.staticPods.get('kube-apiserver')?.image ?? '') !== version,
  );
  if (behind.length > 0) {
    say(context, [
      `[upgrade/addon] Skipping upgrade of addons because control plane instances [${behind.map((machine) => machine.name).join(' ')}] have not been upgraded`,
    ]);
    return;
  }
  const images = imagesOf(version);
  cluster.updateImage('coredns', images['coredns'] ?? '');
  cluster.coreDnsVersion = findMinor(minorOf(version))?.coredns ?? cluster.coreDnsVersion;
  say(context, ['[addons] Applied essential addon: CoreDNS']);
  await enter(context, 'kube-proxy');
  cluster.updateImage('kube-proxy', images['kube-proxy'] ?? '');
  cluster.kubeProxyVersion = version;
  say(context, ['[addons] Applied essential addon: kube-proxy']);
}
