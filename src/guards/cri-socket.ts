import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from '../actions/kubeadm-upgrade-node.ts';
import type { NodeFacts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { CRI_SOCKET, type NodeObject } from '../facts/nodes.ts';
import { minorNumber } from '../facts/lib/version.ts';
import type { Guard } from './guard.ts';
import { type MachineDraft, onMachines } from './lib/machines.ts';

/** By its socket's path, and by what the Node object calls it. With cri-dockerd it says docker. */
const runtimes: readonly { readonly name: string; readonly socket: RegExp; readonly reported: RegExp }[] = [
  { name: 'dockershim', socket: /dockershim/, reported: /^docker:/ },
  { name: 'cri-dockerd', socket: /cri-dockerd/, reported: /^docker:/ },
  { name: 'containerd', socket: /containerd/, reported: /^containerd:/ },
  { name: 'CRI-O', socket: /crio/, reported: /^cri-o:/ },
];

/** From this minor on kubeadm keeps the socket in /var/lib/kubelet/instance-config.yaml, and reads this once. */
const nodeLocal = 34;

export const criSocket: Guard = {
  id: 'cri-socket',
  title: 'kubeadm and the kubelet look for the container runtime where it is',
  source: `kubeadm upgrade reads the annotation ${CRI_SOCKET} of the Node object (kubeadm#2364, kubeadm#2870); "Changing the Container Runtime on a Node from Docker Engine to containerd"`,
  facts: ['nodes', 'kubeletSetup', 'machine', 'kubelet'],
  scope: 'run',
  check: (input) => {
    if (input.step && !isStepOf(input.step, kubeadmUpgradeNode, kubeadmUpgradeApply)) return [];
    return onMachines(criSocket, input, (facts, { name }) => {
      const object = nodeObjectFor(input.before, name);
      const socket = object?.annotations[CRI_SOCKET];
      if (!object || socket === undefined) return [];
      return [...otherRuntime(object, socket, input.step !== undefined), ...otherFlag(facts, object, socket)];
    });
  },
};

function otherRuntime(object: NodeObject, socket: string, isStep: boolean): MachineDraft[] {
  const running = object.containerRuntime;
  const named = runtimes.find((one) => one.socket.test(socket));
  if (running === undefined || !named || !runtimes.some(({ reported }) => reported.test(running))) return [];
  if (named.reported.test(running)) return [];
  const taken = (minorNumber(object.kubeletVersion) ?? 0) >= nodeLocal;
  return [
    {
      severity: isStep && !taken ? 'refuse' : 'warn',
      summary: `kubeadm looks for ${named.name} at ${socket} (annotation of the Node object), but the kubelet runs containers with ${running}`,
      remedy: `Which one is right? Then set the annotation to its socket, e.g. kubectl annotate node ${object.name} --overwrite ${CRI_SOCKET}=unix:///run/containerd/containerd.sock: kubeadm pulls images there, and writes it into the kubelet's flags.`,
    },
  ];
}

function otherFlag({ kubeletSetup }: NodeFacts, object: NodeObject, socket: string): MachineDraft[] {
  const flag = kubeletSetup?.flags.findLast(({ name }) => name === 'container-runtime-endpoint');
  if (flag?.value === undefined || pathOf(flag.value) === pathOf(socket)) return [];
  return [
    {
      severity: 'warn',
      summary: `two container runtime sockets: ${socket} (annotation of the Node object) and ${flag.value} (--container-runtime-endpoint in ${flag.file})`,
      remedy: `kubeadm writes that of the annotation into /var/lib/kubelet/kubeadm-flags.env. Correct the one that is wrong; the annotation with kubectl annotate node ${object.name} --overwrite ${CRI_SOCKET}=unix://PATH.`,
    },
  ];
}

/** Both forms are in use, and /var/run is a link to /run. */
function pathOf(endpoint: string): string {
  return endpoint.replace(/^unix:\/\//, '').replace(/^\/var\/run\//, '/run/');
}
