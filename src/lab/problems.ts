import { authorities, keyOf, leafCertificates, setCertificateEnd } from './certificates.ts';
import { webhookFor } from './cluster-extras.ts';
import { clusterProblems, type Problem } from './cluster-problems.ts';
import { putFile } from './machine-files.ts';
import { type MachineProblem, machineProblems } from './machine-problems.ts';
import type { Machine } from './machine.ts';
import { machineNamed, type World } from './world.ts';

const day = 86_400_000;

/** By the name that `lab up --problems` takes. */
export const problems: Readonly<Record<string, Problem>> = {
  'etcd-member-down': {
    what: "the node's member of etcd is dead",
    at: 'control-plane',
    plant: (_world, machine) => {
      machine.etcd.dead = true;
    },
  },
  'tenant-etcd': {
    what: "a pod of somebody else's on the node runs an etcd of its own",
    at: 'control-plane',
    plant: (_world, machine) => {
      machine.tenants.add('etcd');
    },
  },
  'etcd-learner': {
    what: "the node's member of etcd is a learner",
    at: 'control-plane',
    plant: (_world, machine) => {
      machine.etcd.learner = true;
    },
  },
  'etcd-alarm': {
    what: "the node's member of etcd has the alarm NOSPACE",
    at: 'control-plane',
    plant: (_world, machine) => {
      machine.etcd.alarm = 'NOSPACE';
    },
  },
  'certificate-expired': {
    what: "the API server's certificate for kubelets ended yesterday",
    at: 'control-plane',
    plant: (_world, machine) => endCertificate(machine, 'apiserver-kubelet-client', -1),
  },
  'certificate-expiring': {
    what: 'the certificate in admin.conf ends in five days',
    at: 'control-plane',
    plant: (_world, machine) => endCertificate(machine, 'admin.conf', 5),
  },
  'external-ca': {
    what: 'the keys of the authorities are elsewhere, and the certificate in admin.conf ends in five days',
    at: 'control-plane',
    plant: async (_world, machine) => {
      for (const name of Object.keys(authorities)) await machine.fs.rm(keyOf(name), { force: true });
      await endCertificate(machine, 'admin.conf', 5);
    },
  },
  'admin-conf-rights': {
    what: 'admin.conf may not do everything',
    at: 'cluster',
    plant: ({ cluster }) => {
      cluster.extras.adminMayAll = false;
    },
  },
  'coredns-edited': {
    what: 'the Corefile has a plugin that kubeadm cannot migrate',
    at: 'cluster',
    plant: ({ cluster }) => {
      cluster.extras.corefile = cluster.extras.corefile.replace(
        '    loadbalance\n',
        '    loadbalance\n    kubenodes\n',
      );
    },
  },
  'static-pod-edited': {
    what: "the API server's manifest has a flag that kubeadm-config does not say",
    at: 'control-plane',
    plant: (_world, machine) => addFlag(machine, 'kube-apiserver', '--event-ttl=24h'),
  },
  'old-config-file': {
    what: 'the admission configuration that the API servers are given has a version in it that 1.36 does not read',
    at: 'cluster',
    plant: (world) => giveConfigFile(world, 'kube-apiserver', 'admission-control-config-file', oldAdmission),
  },
  'duplicate-manifest': {
    what: "a copy of the API server's manifest, kube-apiserver.yaml.bak, is in the folder of static pods",
    at: 'control-plane',
    plant: async (_world, machine) => {
      const file = '/etc/kubernetes/manifests/kube-apiserver.yaml';
      await putFile(machine, `${file}.bak`, await machine.fs.readFile(file), 0o600);
    },
  },
  emulation: {
    what: 'the API server emulates an older release',
    at: 'control-plane',
    plant: (_world, machine) => addFlag(machine, 'kube-apiserver', '--emulated-version=1.30'),
  },
  'deprecated-api': {
    what: "something asks the node's API server for an API that 1.32 removes",
    at: 'control-plane',
    plant: (_world, machine) => {
      machine.deprecatedRequests.push({
        group: 'flowcontrol.apiserver.k8s.io',
        version: 'v1beta3',
        resource: 'flowschemas',
        removedRelease: '1.32',
      });
    },
  },
  webhook: {
    what: 'a webhook that must answer for pods has no endpoint',
    at: 'cluster',
    plant: ({ cluster }) => {
      cluster.extras.webhooks.push(webhookFor({ app: 'nobody' }));
    },
  },
  'not-ready': {
    what: 'the kubelet has stopped',
    at: 'worker',
    plant: (_world, machine) => {
      machine.stopKubelet(machine.clock.now() - day);
    },
  },
  ...clusterProblems,
  ...ofMachines({
    'full-disk': 'the disk has 150 MiB left',
    swap: 'swap is on',
    'clock-skew': 'the clock is a minute ahead',
    'cgroup-v1': 'the node has cgroup v1',
    'old-containerd': 'the container runtime is containerd 1.5',
    'two-runtimes': 'containerd and CRI-O are both there',
    'expired-key': 'the key of the package repository ended yesterday',
    'duplicate-repository': 'a second, older Kubernetes source is configured',
    'legacy-repository': 'a source of the repository that is gone since 2024 is configured',
    'removed-flag': 'the kubelet is given a flag and a feature gate that its next releases do not have',
    'old-drop-in': "an old drop-in in /etc overrides the package's own",
    'broken-package': 'the package kubelet is half configured',
    'package-lock': 'another process holds the lock of dpkg',
  }),
};

/** On workers, unless a control plane is named. */
function ofMachines(named: Readonly<Record<MachineProblem, string>>): Record<string, Problem> {
  return Object.fromEntries(
    Object.entries(machineProblems).map(([name, plant]: [string, (machine: Machine) => Promise<void> | void]) => {
      const what = Object.entries(named).find(([one]) => one === name)?.[1] ?? name;
      return [name, { what, at: 'worker', plant: (_world, machine) => plant(machine) } satisfies Problem];
    }),
  );
}

/** Problems of a lab with their nodes, for `lab up --problems help`. */
export function problemList(): string {
  const width = Math.max(...Object.keys(problems).map((name) => name.length));
  return Object.entries(problems)
    .map(([name, { what, at }]) => `${name.padEnd(width)}  ${at === 'cluster' ? '' : `(${at}) `}${what}\n`)
    .join('');
}

/**
 * Plants a problem: `swap`, or `swap@worker-1`. Without a node, on the last one of its role, so that the first control
 * plane, which is asked about the cluster, keeps working. @throws RangeError for an unknown problem or node
 */
export async function plantProblem(world: World, text: string): Promise<void> {
  const [name = '', node] = text.split('@');
  const problem = problems[name];
  if (!problem) throw new RangeError(`no such problem: ${name} (there are ${Object.keys(problems).join(', ')})`);
  const role = problem.at === 'worker' ? 'worker' : 'control-plane';
  const machine =
    node === undefined
      ? (world.machines.findLast((one) => one.role === role) ?? world.machines.at(-1))
      : machineNamed(world, node);
  if (!machine) throw new RangeError(`the lab has no node ${node ?? ''}`);
  await problem.plant(world, machine);
}

async function endCertificate(machine: Machine, name: string, days: number): Promise<void> {
  await setCertificateEnd(machine, leafCertificates[name] ?? name, machine.clock.now() + days * day);
}

/** Into the manifest alone; the static pod of the lab does not restart for it. */
async function addFlag(machine: Machine, component: string, flag: string): Promise<void> {
  const file = `/etc/kubernetes/manifests/${component}.yaml`;
  const text = await machine.fs.readFile(file);
  await putFile(
    machine,
    file,
    text.replace(new RegExp(`^( *- )${component}$`, 'm'), `$1${component}\n$1${flag}`),
    0o600,
  );
}

const oldAdmission = `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ValidatingAdmissionWebhook
  configuration:
    apiVersion: apiserver.config.k8s.io/v1alpha1
    kind: WebhookAdmission
    kubeConfigFile: /etc/kubernetes/webhooks.conf
`;

/** A configuration file on each control plane, in its manifest and in the ClusterConfiguration. */
export async function giveConfigFile(
  { cluster, machines }: World,
  component: string,
  flag: string,
  text: string,
): Promise<void> {
  const file = `/etc/kubernetes/${component}-${flag}.yaml`;
  cluster.extras.extraArgs[component] = { ...cluster.extras.extraArgs[component], [flag]: file };
  for (const machine of machines) {
    if (!machine.isControlPlane) continue;
    await putFile(machine, file, text, 0o600);
    await addFlag(machine, component, `--${flag}=${file}`);
  }
}
