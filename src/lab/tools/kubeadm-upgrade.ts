import { work } from '../clock.ts';
import { renewCertificates } from '../certificates.ts';
import { kubeadmVersion } from '../images.ts';
import { awaitMembers } from '../etcd-members.ts';
import { table } from '../kubectl/print.ts';
import { controlPlaneComponents, findMinor, imagesOf, minorNumber, minorOf, tagOf } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import { controlPlanes, members } from '../world.ts';
import { kubeletProblems, versionProblems } from './kubeadm-policy.ts';
import type { KubeadmCall } from './kubeadm-call.ts';
import { diffOfManifests, dryApply, dryNode } from './kubeadm-dry-run.ts';
import { enter } from './kubeadm-phases.ts';
import { writeKubeletConfig } from './kubelet-config.ts';
import { ADDONS_WAIT, say, upgradeAddons, upgradeStaticPods } from './static-pods.ts';
import { nodeCondition } from '../node-status.ts';

const stackTrace = 'To see the stack trace of this error execute with --v=5 or higher\n';
/** Milliseconds of simulated work. */
const durations = { preflight: 400, worker: 300, config: 200 };

const configLines = [
  '[upgrade/config] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
  "[upgrade/config] Use 'kubeadm init phase upload-config --config your-config-file' to re-upload it.",
];

/** Where admin.conf is missing or unreadable, or no API server answers. */
async function clientError(context: ToolContext): Promise<string | undefined> {
  const path = '/etc/kubernetes/admin.conf';
  const prefix = `couldn't create a Kubernetes client from file "${path}": failed to load admin kubeconfig: open ${path}`;
  if (!(await context.machine.fs.exists(path))) return `${prefix}: no such file or directory\n${stackTrace}`;
  if (context.uid !== 0) return `${prefix}: permission denied\n${stackTrace}`;
  return controlPlanes(context.world).some((machine) => machine.apiServerReady()) ? undefined : unreachable(context);
}

function unreachable(context: ToolContext): string {
  return `[upgrade/config] FATAL: failed to get config map: Get "https://${context.machine.apiEndpoint}/api/v1/namespaces/kube-system/configmaps/kubeadm-config?timeout=10s": dial tcp: connect: connection refused\n${stackTrace}`;
}

export async function upgradePlan(
  context: ToolContext,
  call: KubeadmCall,
  target: string | undefined,
): Promise<number> {
  const failed = await clientError(context);
  if (failed !== undefined) {
    context.err(failed);
    return 1;
  }
  const kubeadm = kubeadmVersion(context) ?? '';
  const { cluster } = context.world;
  const version = (target ?? kubeadm).replace(/^v/, '');
  say(context, [
    '[preflight] Running pre-flight checks.',
    ...configLines,
    '[upgrade] Running cluster health checks',
    '[upgrade] Fetching available versions to upgrade to',
  ]);
  say(context, [
    `[upgrade/versions] Cluster version: ${cluster.version}`,
    `[upgrade/versions] kubeadm version: v${kubeadm}`,
  ]);
  if (target === undefined) {
    context.err(
      'could not fetch a Kubernetes version from the internet: unable to get URL "https://dl.k8s.io/release/stable.txt"\nfalling back to the local client version\n',
    );
    say(context, [`[upgrade/versions] Target version: v${version}`, '']);
    return 0;
  }
  const problem = versionProblems(context.world, version, kubeadm, false);
  if (problem.length > 0) return refuse(context, problem);
  planTable(context, version);
  return call.options.has('help') ? 1 : 0;
}

function planTable(context: ToolContext, version: string): void {
  const { cluster } = context.world;
  const images = imagesOf(version);
  say(context, [
    `[upgrade/versions] Target version: v${version}`,
    `[upgrade/versions] Latest version in the v${minorOf(cluster.version)} series: v${version}`,
    '',
  ]);
  if (version === cluster.version) return;
  const kubelets = members(context.world).map((machine) => [
    machine.name,
    `v${nodeCondition(cluster, machine).kubeletVersion}`,
    `v${version}`,
  ]);
  say(context, [
    "Components that must be upgraded manually after you have upgraded the control plane with 'kubeadm upgrade apply':",
  ]);
  context.out(table([['COMPONENT', 'NODE', 'CURRENT', 'TARGET'], ...kubelets.map((row) => ['kubelet', ...row])]));
  say(context, ['', `Upgrade to the latest version in the v${minorOf(cluster.version)} series:`, '']);
  const planes = controlPlanes(context.world);
  const stacked = context.machine.etcdEndpoints === undefined;
  const rows = [...controlPlaneComponents, ...(stacked ? ['etcd'] : [])].flatMap((component) =>
    planes.map((machine) => [
      component,
      machine.name,
      shown(component, machine.staticPods.get(component)?.image ?? ''),
      shown(component, images[component] ?? ''),
    ]),
  );
  rows.push(
    ['kube-proxy', '', `v${cluster.kubeProxyVersion}`, `v${version}`],
    ['CoreDNS', '', `v${cluster.coreDnsVersion}`, `v${findMinor(minorOf(version))?.coredns}`],
  );
  context.out(table([['COMPONENT', 'NODE', 'CURRENT', 'TARGET'], ...rows]));
  say(context, [
    '',
    'You can now apply the upgrade by executing the following command:',
    '',
    `\tkubeadm upgrade apply v${version}`,
    '',
    '_'.repeat(69),
    '',
  ]);
}

function shown(component: string, image: string): string {
  return component === 'etcd' ? tagOf(image) : `v${tagOf(image)}`;
}

function refuse(context: ToolContext, problems: readonly string[]): number {
  const bypass = problems.every((problem) => /higher than the kubeadm version|too old that have/.test(problem));
  context.err(
    `[upgrade/version] FATAL: the --version argument is invalid due to these ${bypass ? '' : 'fatal '}errors:\n\n${problems.map((problem) => `\t- ${problem}\n`).join('')}\n${
      bypass
        ? 'Can be bypassed if you pass the --force flag'
        : 'Please fix the misalignments highlighted above and try upgrading again'
    }\n${stackTrace}`,
  );
  return 1;
}

/** A dry run makes no Job (phases/upgrade/health.go). */
async function healthProblem(context: ToolContext, isDry = false): Promise<string | undefined> {
  const files = controlPlaneComponents.map((name) => `/etc/kubernetes/manifests/${name}.yaml`);
  const there = await Promise.all(files.map((file) => context.machine.fs.exists(file)));
  const missing = files.filter((_, at) => !there[at]);
  if (missing.length > 0)
    return `[upgrade/health] FATAL: [preflight] Some fatal errors occurred:\n\t[ERROR StaticPodManifest]: manifest files not found: [${missing.join(' ')}]\n[preflight] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\`\n${stackTrace}`;
  const planes = controlPlanes(context.world);
  const notReady = planes
    .filter((machine) => nodeCondition(context.world.cluster, machine).status !== 'True')
    .map((machine) => machine.name);
  if (notReady.length > 0)
    return `[upgrade/health] FATAL: [preflight] Some fatal errors occurred:\n\t[ERROR ControlPlaneNodesReady]: there are NotReady control-planes in the cluster: [${notReady.join(' ')}]\n[preflight] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\`\n${stackTrace}`;
  const nodes = [...context.world.cluster.nodes.values()];
  if (isDry) return undefined;
  const target = context.machine.program('kubeadm') ?? '';
  if (minorNumber(target) < 31 && nodes.every((node) => node.unschedulable))
    return `[upgrade/health] FATAL: [preflight] Some fatal errors occurred:\n\t[ERROR CreateJob]: Job "upgrade-health-check" in the namespace "kube-system" did not complete in 15s\n${stackTrace}`;
  return undefined;
}

export async function upgradeDiff(context: ToolContext, call: KubeadmCall, target?: string): Promise<number> {
  const failed = await clientError(context);
  if (failed === undefined)
    return diffOfManifests(context, call, (target ?? context.world.cluster.version).replace(/^v/, ''));
  context.err(failed);
  return 1;
}

export async function upgradeApply(
  context: ToolContext,
  call: KubeadmCall,
  target: string | undefined,
): Promise<number> {
  const failed = await clientError(context);
  if (failed !== undefined) {
    context.err(failed);
    return 1;
  }
  const { clock } = context.machine;
  const { cluster } = context.world;
  const kubeadm = kubeadmVersion(context) ?? '';
  const isDry = call.options.has('dry-run');
  const version = (target ?? kubeadm).replace(/^v/, '');
  const force = call.options.has('force') || call.options.has('f');
  say(context, [
    '[upgrade] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
    '[upgrade/preflight] Running preflight checks',
    '[upgrade] Running cluster health checks',
  ]);
  await work(clock, durations.preflight, context.signal);
  await enter(context, 'preflight');
  const unhealthy = await healthProblem(context, isDry);
  if (unhealthy !== undefined) {
    context.err(unhealthy);
    return 1;
  }
  say(context, [
    `[upgrade/preflight] You have chosen to upgrade the cluster version to "v${version}"`,
    `[upgrade/versions] Cluster version: v${cluster.version}`,
    `[upgrade/versions] kubeadm version: v${kubeadm}`,
  ]);
  const problems = [
    ...versionProblems(context.world, version, kubeadm, force),
    ...(force ? [] : kubeletProblems(context, version)),
  ];
  if (problems.length > 0) return refuse(context, problems);
  if (!call.options.has('yes') && !call.options.has('y') && !force && !isDry && !/^y/i.test(context.stdin)) {
    context.err(
      `[upgrade/confirm] Are you sure you want to proceed? [y/N]: error: won't proceed; the user didn't answer (Y|y) in order to continue\n${stackTrace}`,
    );
    return 1;
  }
  if (isDry) return dryApply(context, call, version);
  say(context, [
    '[upgrade/prepull] Pulling images required for setting up a Kubernetes cluster',
    `[upgrade/control-plane] Upgrading your static Pod-hosted control plane to version "v${version}" (timeout: 5m0s)...`,
  ]);
  if (!(await awaitMembers(context.world, context.signal))) return deadMember(context);
  if (call.options.get('certificate-renewal') !== 'false') await renewCertificates(context.machine);
  const stuck = await upgradeStaticPods(context, version, call.options);
  if (stuck !== undefined) return notUpgraded(context, stuck);
  await enter(context, 'upload-config');
  cluster.version = version;
  say(context, [
    '[upload-config] Storing the configuration used in ConfigMap "kubeadm-config" in the "kube-system" Namespace',
  ]);
  await enter(context, 'upload-kubelet-config');
  cluster.extras.kubeletConfigOf = version;
  // kubernetes/kubernetes #105741: the name has no minor from 1.24 on.
  const name = minorNumber(version) < 24 ? `kubelet-config-${minorOf(version)}` : 'kubelet-config';
  cluster.extras.kubeletConfigMap = name;
  say(context, [
    `[kubelet] Creating a ConfigMap "${name}" in namespace kube-system with the configuration for the kubelets in the cluster`,
  ]);
  await writeKubeletConfig(context, version);
  await enter(context, 'bootstrap-token');
  await work(clock, durations.config, context.signal);
  await upgradeAddons(context, version);
  const success =
    minorNumber(version) <= 31
      ? `[upgrade/successful] SUCCESS! Your cluster was upgraded to "v${version}". Enjoy!`
      : `[upgrade] SUCCESS! A control plane node of your cluster was upgraded to "v${version}".`;
  say(context, [
    '',
    success,
    '',
    '[upgrade/kubelet] Now please proceed with upgrading the rest of the nodes by following the right order.',
  ]);
  return 0;
}

function notUpgraded(context: ToolContext, why: string): number {
  context.err(
    `[upgrade/apply] FATAL: couldn't upgrade control plane. kubeadm has tried to recover everything into the earlier state. Errors faced: ${why}\n${stackTrace}`,
  );
  return 1;
}

function deadMember(context: ToolContext): number {
  context.err(
    `[upgrade/apply] FATAL: fatal error when trying to upgrade the etcd cluster, rolled the state back to pre-upgrade state: etcd cluster is not healthy: failed to dial endpoint: context deadline exceeded\n${stackTrace}`,
  );
  return 1;
}

export async function upgradeNode(context: ToolContext, call: KubeadmCall): Promise<number> {
  const { machine } = context;
  if (context.uid !== 0) {
    context.err(
      `couldn't create a Kubernetes client from file "/etc/kubernetes/kubelet.conf": failed to load admin kubeconfig: open /etc/kubernetes/kubelet.conf: permission denied\n${stackTrace}`,
    );
    return 1;
  }
  if (!controlPlanes(context.world).some((other) => other.apiServerReady())) {
    context.err(unreachable(context));
    return 1;
  }
  const kubeadm = kubeadmVersion(context) ?? '';
  const version = context.world.cluster.version;
  say(context, [
    '[upgrade] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
    '[upgrade/preflight] Running pre-flight checks',
  ]);
  await work(machine.clock, durations.worker, context.signal);
  await enter(context, 'preflight');
  if (minorNumber(version) > minorNumber(kubeadm)) {
    context.err(
      `[upgrade] FATAL: this version of kubeadm only supports deploying clusters with the control plane version <= 1.${minorNumber(kubeadm)}. Current version: v${version}\n${stackTrace}`,
    );
    return 1;
  }
  if (minorNumber(kubeadm) > minorNumber(version) + 1) {
    context.err(
      `[upgrade] FATAL: this version of kubeadm only supports deploying clusters with the control plane version >= 1.${minorNumber(kubeadm) - 1}.0. Current version: v${version}\n${stackTrace}`,
    );
    return 1;
  }
  if (call.options.has('dry-run')) return dryNode(context, call, version);
  if (machine.isControlPlane) {
    const unhealthy = await healthProblem(context);
    if (unhealthy !== undefined) {
      context.err(unhealthy);
      return 1;
    }
    say(context, [
      `[upgrade/control-plane] Upgrading your Static Pod-hosted control plane instance to version "v${version}"...`,
    ]);
    if (!(await awaitMembers(context.world, context.signal))) return deadMember(context);
    if (call.options.get('certificate-renewal') !== 'false') await renewCertificates(context.machine);
    const stuck = await upgradeStaticPods(context, version, call.options);
    if (stuck !== undefined) return notUpgraded(context, stuck);
    say(context, ['[upgrade/control-plane] The control plane instance for this node was successfully upgraded!']);
  } else
    say(context, [
      '[upgrade/preflight] Skipping prepull. Not a control plane node.',
      '[upgrade/control-plane] Skipping phase. Not a control plane node.',
    ]);
  await writeKubeletConfig(context, version);
  await work(machine.clock, durations.config, context.signal);
  say(context, ['[upgrade/kubelet-config] The kubelet configuration for this node was successfully upgraded!']);
  if (!machine.isControlPlane)
    say(context, ['[upgrade/addon] Skipping the addon/coredns phase. Not a control plane node.']);
  else if (minorNumber(version) >= ADDONS_WAIT) await upgradeAddons(context, version);
  return 0;
}
