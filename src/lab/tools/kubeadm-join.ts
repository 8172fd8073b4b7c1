import { work } from '../clock.ts';
import { hexOf } from '../identity.ts';
import { putFile } from '../machine-files.ts';
import { becomeMember } from '../spare.ts';
import type { ToolContext } from '../shell/shell.ts';
import type { KubeadmCall } from './kubeadm-call.ts';
import { say } from './static-pods.ts';

const durations = { token: 300, preflight: 500, bootstrap: 2500 };
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

/** `kubeadm join` of a worker by a discovery file that holds its token (cmd/kubeadm/app/cmd/join.go). */
export async function joinMachine(context: ToolContext, call: KubeadmCall): Promise<number> {
  const { machine, world } = context;
  say(context, ['[preflight] Running pre-flight checks']);
  if (context.uid !== 0) return failed(context, 'preflight', ['[ERROR IsPrivilegedUser]: user is not running as root']);
  const present = await presentOf(context, [
    '/etc/kubernetes/kubelet.conf',
    '/etc/kubernetes/bootstrap-kubelet.conf',
    '/etc/kubernetes/pki/ca.crt',
  ]);
  if (present.length > 0) {
    const errors = present.map((path) => `[ERROR FileAvailable-${path.replaceAll('/', '-')}]: ${path} already exists`);
    return failed(context, 'preflight', errors);
  }
  const file = call.options.get('discovery-file') ?? '';
  const config = await machine.fs.readFile(file).catch(() => undefined);
  await work(machine.clock, durations.preflight, context.signal);
  if (config === undefined) {
    context.err(`discovery.file.kubeConfigPath: Invalid value: "${file}": not a valid HTTPS URL or a file on disk\n`);
    return 3;
  }
  const token = /token: *"?([a-z0-9]{6}\.[a-z0-9]{16})/.exec(config)?.[1];
  const known = world.cluster.extras.tokens.find((one) => one.token === token);
  if (!known || known.until < machine.clock.now() || !world.machines.some((one) => one.apiServerReady())) {
    context.err(
      `error execution phase preflight: couldn't validate the identity of the API Server: ${known ? 'timed out waiting for the condition' : 'Unauthorized'}\n${moreDetails}\n`,
    );
    return 1;
  }
  say(context, [
    '[preflight] Reading configuration from the "kubeadm-config" ConfigMap in namespace "kube-system"...',
    '[kubelet-start] Writing kubelet configuration to file "/var/lib/kubelet/config.yaml"',
    '[kubelet-start] Writing kubelet environment file with flags to file "/var/lib/kubelet/kubeadm-flags.env"',
    '[kubelet-start] Starting the kubelet',
    '[kubelet-start] Waiting for the kubelet to perform the TLS Bootstrap',
  ]);
  await putFile(machine, '/etc/kubernetes/bootstrap-kubelet.conf', config, 0o600);
  await putFile(machine, '/etc/kubernetes/pki/ca.crt', 'lab CA\n');
  await work(machine.clock, durations.bootstrap, context.signal);
  await becomeMember(world, machine);
  await machine.fs.rm('/etc/kubernetes/bootstrap-kubelet.conf', { force: true });
  say(context, [
    '',
    'This node has joined the cluster:',
    '* Certificate signing request was sent to apiserver and a response was received.',
    '* The Kubelet was informed of the new secure connection details.',
    '',
    "Run 'kubectl get nodes' on the control-plane to see this node join the cluster.",
    '',
  ]);
  return 0;
}

async function presentOf({ machine }: ToolContext, paths: readonly string[]): Promise<string[]> {
  const there = await Promise.all(paths.map((path) => machine.fs.exists(path)));
  return paths.filter((_, index) => there[index]);
}

function failed(context: ToolContext, phase: string, errors: readonly string[]): number {
  context.err(
    `error execution phase ${phase}: [${phase}] Some fatal errors occurred:\n${errors.map((line) => `\t${line}\n`).join('')}[${phase}] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\`\n${moreDetails}\n`,
  );
  return 1;
}
