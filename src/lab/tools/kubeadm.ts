import { authorities, authorityOf, certificateEnd, leafCertificates, renewCertificates } from '../certificates.ts';
import { work } from '../clock.ts';
import { configImages, kubeadmVersion } from '../images.ts';
import { versionInfo } from '../kubectl/client.ts';
import { table } from '../kubectl/print.ts';
import { minorNumber } from '../releases.ts';
import type { Tool, ToolContext } from '../shell/shell.ts';
import { createToken, joinMachine } from './kubeadm-join.ts';
import { uploadCertificates } from './kubeadm-control-plane.ts';
import { resetMachine } from './kubeadm-reset.ts';
import { type KubeadmCall, parseCall } from './kubeadm-call.ts';
import { endedByFault } from './kubeadm-phases.ts';
import { upgradeApply, upgradeDiff, upgradeNode, upgradePlan } from './kubeadm-upgrade.ts';

const durations = { plan: 1000, renew: 500 };

export const kubeadm: Tool = async (context) => {
  const version = kubeadmVersion(context);
  if (version === undefined) {
    context.err('sh: kubeadm: not found\n');
    return 127;
  }
  const call = parseCall(context.args);
  const [first = '', second = '', third] = call.words;
  switch (`${first} ${second}`.trim()) {
    case 'version':
      return printVersion(context, call, version);
    case 'upgrade plan':
      await work(context.machine.clock, durations.plan, context.signal);
      return upgradePlan(context, call, third);
    case 'upgrade diff':
      return upgradeDiff(context, call, third);
    case 'upgrade apply':
      return endedByFault(upgradeApply(context, call, third));
    case 'upgrade node':
      return endedByFault(upgradeNode(context, call));
    case 'config images':
      return configImages(context, third, call.options);
    case 'reset':
      return endedByFault(resetMachine(context, call));
    case 'init phase':
      if (third === 'upload-certs') return uploadCertificates(context, call);
      return unknown(context, call);
    case 'token create':
      return createToken(context, call);
    case 'certs renew':
      return renew(context, third);
    case 'certs check-expiration':
      return checkExpiration(context);
    default:
      // It may be followed by the API server's address.
      return first === 'join' ? endedByFault(joinMachine(context, call)) : unknown(context, call);
  }
};

function unknown(context: ToolContext, call: KubeadmCall): number {
  context.err(
    `unknown command ${JSON.stringify(call.words.join(' '))} for "kubeadm" (the lab does not simulate it)\nTo see the stack trace of this error execute with --v=5 or higher\n`,
  );
  return 1;
}

function printVersion(context: ToolContext, call: KubeadmCall, version: string): number {
  const output = call.options.get('output') ?? call.options.get('o');
  const info = versionInfo(version);
  if (output === 'short') context.out(`v${version}\n`);
  else if (output === 'json') context.out(`${JSON.stringify({ clientVersion: info }, null, 2)}\n`);
  else
    context.out(
      `kubeadm version: &version.Info{Major:"1", Minor:"${minorNumber(version)}", GitVersion:"v${version}", GitCommit:"${info['gitCommit']}", GitTreeState:"clean", BuildDate:"${info['buildDate']}", GoVersion:"${info['goVersion']}", Compiler:"gc", Platform:"linux/amd64"}\n`,
    );
  return 0;
}

/** As kubeadm does: the files alone; a process keeps the old ones until it restarts. */
async function renew(context: ToolContext, what: string | undefined): Promise<number> {
  const { machine } = context;
  if (!machine.isControlPlane) {
    context.err('failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: no such file or directory\n');
    return 1;
  }
  if (what !== 'all') {
    context.err(`unknown command ${JSON.stringify(what)} for "kubeadm certs renew" (the lab knows \`all\`)\n`);
    return 1;
  }
  await work(machine.clock, durations.renew, context.signal);
  const external = await renewCertificates(machine);
  context.out(
    `${Object.keys(leafCertificates)
      .map((name) =>
        external.includes(name)
          ? `Detected external ${authorityOf(name)}, certificate ${name} can't be renewed\n`
          : `certificate ${name} renewed\n`,
      )
      .join(
        '',
      )}\nDone renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler and etcd, so that they can use the new certificates.\n`,
  );
  return 0;
}

async function checkExpiration(context: ToolContext): Promise<number> {
  if (!context.machine.isControlPlane) {
    context.err(
      'couldn\'t create a Kubernetes client from file "/etc/kubernetes/admin.conf": failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: no such file or directory\n',
    );
    return 1;
  }
  const rows = async (certificates: Readonly<Record<string, string>>) =>
    Promise.all(
      Object.entries(certificates).map(async ([name, path]) => {
        const end = (await certificateEnd(context.machine, path)) ?? 0;
        const days = Math.floor((end - context.machine.clock.now()) / 86_400_000);
        const time = new Date(end).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\d+:\d+).*$/, '$2 $1, $3 $4 UTC');
        return [name, time, days < 0 ? '<invalid>' : days > 730 ? `${Math.floor(days / 365)}y` : `${days}d`];
      }),
    );
  const leaves = await rows(leafCertificates);
  const roots = await rows(authorities);
  context.out('[check-expiration] Reading configuration from the cluster...\n');
  context.out(
    table([
      ['CERTIFICATE', 'EXPIRES', 'RESIDUAL TIME', 'CERTIFICATE AUTHORITY', 'EXTERNALLY MANAGED'],
      ...leaves.map(([name = '', ...row]) => [name, ...row, authorityOf(name), 'no']),
    ]),
  );
  context.out('\n');
  context.out(
    table([
      ['CERTIFICATE AUTHORITY', 'EXPIRES', 'RESIDUAL TIME', 'EXTERNALLY MANAGED'],
      ...roots.map((row) => [...row, 'no']),
    ]),
  );
  return 0;
}
