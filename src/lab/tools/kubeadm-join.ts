import { work } from '../clock.ts';
import { hexOf } from '../identity.ts';
import { kubeadmVersion } from '../images.ts';
import { putFile } from '../machine-files.ts';
import { minorNumber } from '../releases.ts';
import { becomeMember, prepareControlPlane } from '../spare.ts';
import type { ToolContext } from '../shell/shell.ts';
import type { KubeadmCall } from './kubeadm-call.ts';
import { enter } from './kubeadm-phases.ts';
import { downloadProblem, joinControlPlane, startComponents } from './kubeadm-control-plane.ts';
import { type JoinRequest, joinRequest } from './kubeadm-join-request.ts';
import { say } from './static-pods.ts';
import { nodeCondition } from '../node-status.ts';

const durations = { token: 300, preflight: 500, download: 500, bootstrap: 2500 };
const moreDetails = 'To see the stack trace of this error execute with --v=5 or higher';

/** `kubeadm token create` (cmd/kubeadm/app/cmd/token.go): the token alone on stdout. */
export async function createToken(context: ToolContext, call: KubeadmCall): Promise<number> {
  const { machine, world } = context;
  if (!machine.isControlPlane || context.uid !== 0) {
    context.err(
      `failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: ${machine.isControlPlane ? 'permission denied' : 'no such file or directory'}\n${moreDetails}\n`,
    );
    return 1;
  }
  if (!world.machines.some((one) => one.apiServerReady())) {
    context.err(`timed out waiting for the condition\n${moreDetails}\n`);
    return 1;
  }
  await work(machine.clock, durations.token, context.signal);
  const { tokens } = world.cluster.extras;
  const hex = hexOf(`token:${machine.clock.now()}:${tokens.length}`, 22);
  const token = `${hex.slice(0, 6)}.${hex.slice(6)}`;
  const minutes = Number(/^(\d+)m$/.exec(call.options.get('ttl') ?? '')?.[1] ?? 24 * 60);
  tokens.push({ token, until: machine.clock.now() + minutes * 60_000 });
  context.out(`${token}\n`);
  return 0;
}

/** `kubeadm join` by a file or by flags, with a token (cmd/kubeadm/app/cmd/join.go). */
export async function joinMachine(context: ToolContext, call: KubeadmCall): Promise<number> {
  const { machine, world } = context;
  say(context, ['[preflight] Running pre-flight checks']);
  if (context.uid !== 0) return failed(context, 'preflight', ['[ERROR IsPrivilegedUser]: user is not running as root']);
  const asked = await joinRequest(context, call);
  if ('error' in asked) {
    context.err(`${asked.error}\n${moreDetails}\n`);
    return asked.code;
  }
  const present = await inTheWay(context, asked);
  if (present.length > 0) return failed(context, 'preflight', present);
  await work(machine.clock, durations.preflight, context.signal);
  const known = world.cluster.extras.tokens.find((one) => one.token === asked.token);
  if (!known || known.until < machine.clock.now() || !world.machines.some((one) => one.apiServerReady())) {
    context.err(
      `error execution phase preflight: couldn't validate the identity of the API Server: ${known ? 'timed out waiting for the condition' : 'Unauthorized'}\n${moreDetails}\n`,
    );
    return 1;
  }
  say(context, ['[preflight] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...']);
  const problem = versionProblem(context) ?? (asked.controlPlane ? await prepare(context, asked) : undefined);
  if (problem !== undefined) {
    context.err(`error execution phase ${problem}\n${moreDetails}\n`);
    return 1;
  }
  await enter(context, 'kubelet-start');
  if (world.cluster.nodes.has(machine.name) && nodeCondition(world.cluster, machine).status === 'True') {
    context.err(
      `error execution phase kubelet-start: a Node with name ${JSON.stringify(machine.name)} and status "Ready" already exists in the cluster. You must delete the existing Node or change the name of this new joining Node\n${moreDetails}\n`,
    );
    return 1;
  }
  say(context, [
    '[kubelet-start] Writing kubelet configuration to file "/var/lib/kubelet/config.yaml"',
    '[kubelet-start] Writing kubelet environment file with flags to file "/var/lib/kubelet/kubeadm-flags.env"',
    '[kubelet-start] Starting the kubelet',
    '[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap',
  ]);
  await putFile(machine, '/etc/kubernetes/bootstrap-kubelet.conf', asked.discovery, 0o600);
  await putFile(machine, '/etc/kubernetes/pki/ca.crt', 'lab CA\n');
  await work(machine.clock, durations.bootstrap, context.signal);
  await becomeMember(world, machine);
  await machine.fs.rm('/etc/kubernetes/bootstrap-kubelet.conf', { force: true });
  if (asked.controlPlane) {
    const refused = await joinControlPlane(context, kubeadmVersion(context) ?? '');
    if (refused !== undefined) {
      context.err(`error execution phase ${refused}\n${moreDetails}\n`);
      return 1;
    }
  }
  say(context, [
    '',
    asked.controlPlane
      ? 'This node has joined the cluster and a new control plane instance was created:'
      : 'This node has joined the cluster:',
    '* Certificate signing request was sent to apiserver and a response was received.',
    '* The Kubelet was informed of the new secure connection details.',
    '',
    "Run 'kubectl get nodes' on the control-plane to see this node join the cluster.",
    '',
  ]);
  return 0;
}

/** Certificates, kubeconfigs and manifests of a control plane; @returns in which phase it failed, and why. */
async function prepare(context: ToolContext, { certificateKey }: JoinRequest): Promise<string | undefined> {
  const { machine } = context;
  await enter(context, 'download-certs');
  say(context, [
    '[download-certs] Downloading the certificates in Secret "kubeadm-certs" in the "kube-system" Namespace',
  ]);
  await work(machine.clock, durations.download, context.signal);
  const problem = downloadProblem(context, certificateKey);
  if (problem !== undefined) return `control-plane-prepare/download-certs: error downloading certs: ${problem}`;
  await prepareControlPlane(machine);
  return startComponents(context);
}

function versionProblem(context: ToolContext): string | undefined {
  const [own, cluster] = [kubeadmVersion(context) ?? '', context.world.cluster.version];
  const [is, wanted] = [minorNumber(own), minorNumber(cluster)];
  if (is < wanted)
    return `preflight: unable to fetch the kubeadm-config ConfigMap: this version of kubeadm only supports deploying clusters with the control plane version <= 1.${is}. Current version: v${cluster}`;
  if (is > wanted + 1)
    return `preflight: unable to fetch the kubeadm-config ConfigMap: this version of kubeadm only supports deploying clusters with the control plane version >= 1.${is - 1}.0. Current version: v${cluster}`;
  return undefined;
}

/** What kubeadm's preflight finds on the machine. */
async function inTheWay({ machine }: ToolContext, { controlPlane }: JoinRequest): Promise<string[]> {
  const files = [
    '/etc/kubernetes/kubelet.conf',
    '/etc/kubernetes/bootstrap-kubelet.conf',
    ...(controlPlane ? [] : ['/etc/kubernetes/pki/ca.crt']),
  ];
  const folders = [
    '/etc/kubernetes/manifests',
    ...(controlPlane && machine.etcdEndpoints === undefined ? ['/var/lib/etcd'] : []),
  ];
  const isIn = async (path: string) => machine.fs.exists(path);
  const isFull = async (path: string) => (await isIn(path)) && (await machine.fs.readdir(path)).length > 0;
  const of = async (paths: readonly string[], check: typeof isIn, what: string, says: string) => {
    const found = await Promise.all(paths.map(check));
    return paths
      .filter((_, index) => found[index])
      .map((path) => `[ERROR ${what}-${path.replaceAll('/', '-')}]: ${path} ${says}`);
  };
  return [
    ...(await of(folders, isFull, 'DirAvailable', 'is not empty')),
    ...(await of(files, isIn, 'FileAvailable', 'already exists')),
  ];
}

function failed(context: ToolContext, phase: string, errors: readonly string[]): number {
  context.err(
    `error execution phase ${phase}: [${phase}] Some fatal errors occurred:\n${errors.map((line) => `\t${line}\n`).join('')}[${phase}] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\`\n${moreDetails}\n`,
  );
  return 1;
}
