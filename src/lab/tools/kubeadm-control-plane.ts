import { work } from '../clock.ts';
import { isServing } from '../etcd-members.ts';
import { addMember } from '../etcd-membership.ts';
import { syncStaticPods } from '../etcd-process.ts';
import { hexOf } from '../identity.ts';
import { putFile } from '../machine-files.ts';
import { controlPlaneComponents, imagesOf, minorNumber, registry } from '../releases.ts';
import { labelControlPlane } from '../spare.ts';
import type { ToolContext } from '../shell/shell.ts';
import { etcdMachines } from '../world.ts';
import type { KubeadmCall } from './kubeadm-call.ts';
import { enter } from './kubeadm-phases.ts';
import { manifestByKubeadm, say } from './static-pods.ts';

const durations = { upload: 400, dial: 3000, etcd: 600, promote: 500, mark: 200 };
const twoHours = 2 * 3_600_000;
const moreDetails = 'To see the stack trace of this error execute with --v=5 or higher';
const secret = 'Secret "kubeadm-certs"';

/** `kubeadm init phase upload-certs --upload-certs` (phases/copycerts): it prints the key that it made. */
export async function uploadCertificates(context: ToolContext, call: KubeadmCall): Promise<number> {
  const { machine, world } = context;
  const file = call.options.get('config');
  if (file !== undefined && call.options.has('certificate-key')) {
    context.err(`can not mix '--config' with arguments [certificate-key]\n${moreDetails}\n`);
    return 1;
  }
  if (!machine.isControlPlane || context.uid !== 0) {
    context.err(
      `error execution phase upload-certs: failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: ${machine.isControlPlane ? 'permission denied' : 'no such file or directory'}\n${moreDetails}\n`,
    );
    return 1;
  }
  if (!call.options.has('upload-certs')) {
    context.out('[upload-certs] Skipping phase. Please see --upload-certs\n');
    return 0;
  }
  if (!world.machines.some((one) => one.apiServerReady())) {
    context.err(`error execution phase upload-certs: error uploading certs: timed out waiting for the condition\n`);
    return 1;
  }
  await work(machine.clock, durations.upload, context.signal);
  const { extras } = world.cluster;
  const made = hexOf(`certificate-key:${machine.clock.now()}:${extras.uploadedCertificates?.key ?? ''}`, 64);
  const key = call.options.get('certificate-key') ?? made;
  extras.uploadedCertificates = { key, until: machine.clock.now() + twoHours };
  say(context, [
    `[upload-certs] Storing the certificates in ${secret} in the "kube-system" Namespace`,
    '[upload-certs] Using certificate key:',
    key,
  ]);
  return 0;
}

/** Why the certificates of the cluster cannot be had with a key. */
export function downloadProblem({ world }: ToolContext, key: string | undefined): string | undefined {
  const uploaded = world.cluster.extras.uploadedCertificates;
  if (key === undefined) return 'the certificate key is missing';
  if (!uploaded || uploaded.until < world.clock.now())
    return `error downloading the secret: ${secret} was not found in the "kube-system" Namespace. This Secret might have expired. Please, run \`kubeadm init phase upload-certs --upload-certs\` on a control plane to generate a new one`;
  if (!/^[0-9a-f]{64}$/.test(key)) return 'error decoding certificate key: encoding/hex: invalid byte';
  return key === uploaded.key
    ? undefined
    : 'error decoding secret data with provided key: cipher: message authentication failed';
}

/** Manifests of all but etcd, then a look at the members; @returns in which phase it failed, and why. */
export async function startComponents(context: ToolContext): Promise<string | undefined> {
  const { machine, world } = context;
  await enter(context, 'control-plane-prepare');
  say(context, ['[control-plane] Using manifest folder "/etc/kubernetes/manifests"']);
  const images = imagesOf(world.cluster.version);
  for (const component of controlPlaneComponents) {
    say(context, [`[control-plane] Creating static Pod manifest for "${component}"`]);
    await writeManifest(context, component, images[component] ?? '');
  }
  if (machine.etcdEndpoints) return undefined;
  say(context, ['[check-etcd] Checking that the etcd cluster is healthy']);
  const silent = etcdMachines(world).find((one) => one.etcd.membership === 'started' && !isServing(one));
  if (silent === undefined) return undefined;
  await work(machine.clock, durations.dial, context.signal);
  return `check-etcd: etcd cluster is not healthy: failed to dial endpoint https://${silent.ip}:2379 with maintenance client: context deadline exceeded`;
}

/** Its member of etcd, then the role; @returns in which phase it failed, and why. */
export async function joinControlPlane(context: ToolContext, version: string): Promise<string | undefined> {
  const { machine, world } = context;
  if (machine.etcdEndpoints === undefined) {
    const refused = await joinEtcd(context, version);
    if (refused !== undefined)
      return `control-plane-join/etcd: error creating local etcd static pod manifest file: ${refused}`;
  }
  await enter(context, 'mark-control-plane');
  await work(machine.clock, durations.mark, context.signal);
  say(context, [
    `[mark-control-plane] Marking the node ${machine.name} as control-plane by adding the labels: [node-role.kubernetes.io/control-plane node.kubernetes.io/exclude-from-external-load-balancers]`,
    `[mark-control-plane] Marking the node ${machine.name} as control-plane by adding the taints [node-role.kubernetes.io/control-plane:NoSchedule]`,
  ]);
  labelControlPlane(world, machine);
  return undefined;
}

/** As a learner since 1.29, which is promoted once it has caught up (EtcdLearnerMode). */
async function joinEtcd(context: ToolContext, version: string): Promise<string | undefined> {
  const { machine, world } = context;
  const { etcd } = machine;
  await enter(context, 'etcd-join');
  say(context, ['[etcd] Announced new etcd member joining to the existing etcd cluster']);
  const refused = addMember(world, machine, minorNumber(version) >= 29);
  if (refused !== undefined) return refused;
  await work(machine.clock, durations.etcd, context.signal);
  await enter(context, 'etcd-start');
  say(context, ['[etcd] Creating static Pod manifest for "etcd"']);
  await putFile(machine, '/var/lib/etcd/member/snap/db', 'lab etcd data\n', 0o600);
  const { etcdTag } = world.cluster.extras;
  const image = etcdTag === undefined ? (imagesOf(version)['etcd'] ?? '') : `${registry}/etcd:${etcdTag}`;
  etcd.membership = 'started';
  await writeManifest(context, 'etcd', image);
  await syncStaticPods(machine, world);
  say(context, ['[etcd] Waiting for the new etcd member to join the cluster. This can take up to 40s']);
  while (!isServing(machine)) await work(machine.clock, durations.promote, context.signal);
  await enter(context, 'etcd-promote');
  etcd.learner = false;
  return undefined;
}

async function writeManifest(context: ToolContext, component: string, image: string): Promise<void> {
  const { machine } = context;
  machine.pulledImages.add(image);
  await putFile(
    machine,
    `/etc/kubernetes/manifests/${component}.yaml`,
    manifestByKubeadm(context, component, image),
    0o600,
  );
}
