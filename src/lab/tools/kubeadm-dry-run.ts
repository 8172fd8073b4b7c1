import { hexOf } from '../identity.ts';
import { configurationOf } from '../kubectl/resources.ts';
import { putFile } from '../machine-files.ts';
import { controlPlaneComponents, imagesOf, minorNumber } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import type { KubeadmCall } from './kubeadm-call.ts';
import { patched } from './kubeadm-patches.ts';
import { lineDiff } from './line-diff.ts';
import { manifestByKubeadm, say } from './static-pods.ts';

const manifests = '/etc/kubernetes/manifests';

/**
 * `kubeadm upgrade apply --dry-run`, after its checks: it prints what it would write, etcd apart
 * (DryRunStaticPodUpgrade of phases/upgrade/staticpods.go), and objects as its fake client sees them.
 */
export async function dryApply(context: ToolContext, call: KubeadmCall, version: string): Promise<number> {
  say(context, [
    "[upgrade/prepull] Would pull the required images (like 'kubeadm config images pull')",
    `[upgrade/control-plane] Upgrading your static Pod-hosted control plane to version "v${version}" (timeout: 5m0s)...`,
  ]);
  if (!(await dryStaticPods(context, call, version))) return 1;
  say(context, [
    '[dryrun] Would perform action UPDATE on resource "configmaps" in API group "core/v1"',
    '[dryrun] Resource name: "kubeadm-config"',
    '[dryrun] Attached object:',
    ...configurationOf(context.world.cluster)
      .split('\n')
      .map((line) => `\t${line}`),
  ]);
  await dryKubeletConfig(context, version);
  say(context, ['[upgrade/successful] Finished dryrunning successfully!']);
  return 0;
}

/** `kubeadm upgrade node --dry-run`, after its checks. */
export async function dryNode(context: ToolContext, call: KubeadmCall, version: string): Promise<number> {
  if (context.machine.isControlPlane) {
    say(context, ['[upgrade/control-plane] Would upgrade the Static Pod-hosted control plane instance']);
    if (!(await dryStaticPods(context, call, version))) return 1;
  } else say(context, ['[upgrade/control-plane] Skipping phase. Not a control plane node.']);
  await dryKubeletConfig(context, version);
  return 0;
}

async function dryStaticPods(context: ToolContext, call: KubeadmCall, version: string): Promise<boolean> {
  const { machine } = context;
  const images = imagesOf(version);
  for (const component of controlPlaneComponents) {
    const manifest = manifestByKubeadm(context, component, images[component] ?? '');
    const written = await patched(machine, call.options.get('patches'), component, manifest);
    if ('error' in written) {
      context.err(
        `[upgrade/apply] FATAL: failed to patch static Pod manifest file for "${component}": ${written.error}\nTo see the stack trace of this error execute with --v=5 or higher\n`,
      );
      return false;
    }
    say(context, [`[dryrun] Would write file "${manifests}/${component}.yaml" with content:`]);
    context.out(indented(written.text, version));
  }
  return true;
}

/** Since 1.32 as it is (#126776), before with a tab ahead of each line. */
function indented(text: string, version: string): string {
  return minorNumber(version) < 32 ? text.replaceAll(/^(?=.)/gm, '\t') : text;
}

/** kubeadm before 1.32 leaves its temporary folder behind (GetKubeletDir of phases/upgrade/postupgrade.go). */
async function dryKubeletConfig(context: ToolContext, version: string): Promise<void> {
  const { machine, world, env } = context;
  const own = `/etc/kubernetes/tmp/kubeadm-upgrade-dryrun${hexOf(`${machine.name}${machine.clock.now()}`, 9)}`;
  const folder = minorNumber(version) < 32 ? own : (env['KUBEADM_UPGRADE_DRYRUN_DIR'] ?? own);
  await putFile(machine, `${folder}/config.yaml`, world.cluster.extras.kubeletConfig);
  say(context, ['[dryrun] Would write file "/var/lib/kubelet/config.yaml" with content:']);
  context.out(indented(world.cluster.extras.kubeletConfig, version));
  say(context, ['[upgrade/kubelet-config] The kubelet configuration for this node was successfully upgraded!']);
}

/** `kubeadm upgrade diff`: the manifests but etcd's, without patches, which it does not know (cmd/upgrade/diff.go). */
export async function diffOfManifests(context: ToolContext, call: KubeadmCall, target: string): Promise<number> {
  const { machine } = context;
  const images = imagesOf(target);
  const lines = Number(call.options.get('context-lines') ?? call.options.get('c') ?? 3);
  for (const component of controlPlaneComponents) {
    const path = `${manifests}/${component}.yaml`;
    if (!(await machine.fs.exists(path))) {
      context.err(`the manifest file "${path}" does not exist\n`);
      return 1;
    }
    const written = manifestByKubeadm(context, component, images[component] ?? '');
    context.out(lineDiff(await machine.fs.readFile(path), written, { from: path, to: 'new manifest', lines }));
  }
  return 0;
}
