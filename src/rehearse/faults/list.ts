import type { Misfortune, Place } from './misfortune.ts';

const APPLY: Place = { action: 'kubeadm-upgrade-apply' };
const JOINED: Place = { action: 'kubeadm-upgrade-node', role: 'control-plane' };
const DRAIN: Place = { action: 'drain', role: 'worker' };
const KUBELET: Place = { action: 'install-packages', of: 'kubelet', role: 'worker' };
/** Where packages are fetched: ahead, or as they are installed. */
const FETCHED: Place = {
  action: 'prefetch',
  role: 'worker',
  or: { action: 'install-packages', of: 'kubeadm', role: 'worker' },
};

/**
 * Phases of `kubeadm upgrade apply`, in order: the lab's name, and words. kube-proxy is upgraded by the last control
 * plane.
 */
const KUBEADM_PHASES = [
  ['preflight', 'in its preflight checks'],
  ['etcd', 'as it comes to etcd'],
  ['control-plane', 'as it comes to the API server'],
  ['kube-controller-manager', 'as it comes to the controller manager'],
  ['kube-scheduler', 'as it comes to the scheduler'],
  ['upload-config', 'as it writes kubeadm-config'],
  ['upload-kubelet-config', 'as it writes kubelet-config'],
  ['kubelet-config', "as it writes the node's kubelet configuration"],
  ['bootstrap-token', 'as it comes to bootstrap tokens'],
  ['addons', 'as it comes to CoreDNS'],
] as const;

/**
 * What can go wrong in an upgrade. One list: `rehearse --faults` tries each on the twin of a cluster, and the chaos tests
 * on the lab's own.
 */
export const MISFORTUNES: readonly Misfortune[] = [
  {
    name: 'killed-before-kubeadm',
    what: 'the controller is killed before kubeadm is sent to NODE',
    at: APPLY,
    strike: { kind: 'kill', when: 'recorded' },
  },
  {
    name: 'killed-in-kubeadm',
    what: 'the controller is killed while kubeadm is at work on NODE',
    at: APPLY,
    strike: { kind: 'kill', when: 'at-work' },
  },
  {
    name: 'killed-after-kubeadm',
    what: 'the controller is killed before it records that kubeadm ended on NODE',
    at: JOINED,
    strike: { kind: 'kill', when: 'ended' },
  },
  {
    name: 'killed-in-drain',
    what: 'the controller is killed in the drain of NODE',
    at: DRAIN,
    strike: { kind: 'kill', when: 'at-work' },
  },
  {
    name: 'killed-in-install',
    what: 'the controller is killed while packages are installed on NODE',
    at: KUBELET,
    strike: { kind: 'kill', when: 'at-work' },
  },
  {
    name: 'connection-lost-in-kubeadm',
    what: 'the connection to NODE breaks while kubeadm is at work there',
    at: APPLY,
    strike: { kind: 'command', on: '^kubeadm upgrade apply', does: 'disconnect', phase: 'control-plane' },
  },
  {
    name: 'connection-lost-in-install',
    what: 'the connection to NODE breaks while packages are installed',
    at: KUBELET,
    strike: { kind: 'command', on: '^(apt-get|dnf|yum|zypper) .*install', does: 'disconnect' },
  },
  {
    name: 'network-away',
    what: 'NODE cannot be reached for half an hour while kubeadm is at work there',
    at: JOINED,
    strike: { kind: 'network', ms: 30 * 60_000 },
  },
  {
    name: 'power-in-drain',
    what: 'the power of NODE is cut in its drain',
    at: DRAIN,
    strike: { kind: 'power' },
  },
  {
    name: 'power-in-install',
    what: 'the power of NODE is cut while packages are installed',
    at: KUBELET,
    strike: { kind: 'command', on: '^(apt-get|dnf|yum|zypper) .*install', does: 'reboot' },
  },
  {
    name: 'power-in-kubelet-restart',
    what: 'the power of NODE is cut as its kubelet restarts',
    at: { action: 'restart-kubelet', role: 'worker' },
    strike: { kind: 'command', on: '^systemctl .*restart', does: 'reboot' },
  },
  {
    name: 'power-in-kubeadm',
    what: 'the power of NODE is cut between two manifests of its API server',
    at: APPLY,
    strike: { kind: 'command', on: '^kubeadm upgrade apply', does: 'reboot', phase: 'swap' },
    first: 'put the manifest back on NODE by the command that is shown then',
  },
  {
    name: 'power-in-kubeadm-node',
    what: 'the power of NODE is cut while kubeadm upgrades its etcd',
    at: JOINED,
    strike: { kind: 'command', on: '^kubeadm upgrade node', does: 'reboot', phase: 'etcd' },
  },
  ...KUBEADM_PHASES.map(([phase, when]): Misfortune => ({
    name: `kubeadm-fails-${phase}`,
    what: `kubeadm fails on NODE ${when}`,
    at: APPLY,
    strike: { kind: 'command', on: '^kubeadm upgrade apply', does: 'exit:1', phase },
  })),
  {
    name: 'kubeadm-fails-kube-proxy',
    what: 'kubeadm fails on NODE, the last control plane, as it comes to kube-proxy',
    at: { ...JOINED, which: 'last' },
    strike: { kind: 'command', on: '^kubeadm upgrade node', does: 'exit:1', phase: 'kube-proxy' },
  },
  {
    name: 'kubeadm-node-fails',
    what: 'kubeadm fails on NODE as it writes the kubelet configuration',
    at: { action: 'kubeadm-upgrade-node', role: 'worker' },
    strike: { kind: 'command', on: '^kubeadm upgrade node', does: 'exit:1', phase: 'kubelet-config' },
  },
  {
    name: 'budget-blocks-drain',
    what: 'a budget allows no eviction of a pod on NODE, the last worker',
    at: { ...DRAIN, which: 'last' },
    strike: { kind: 'budget' },
    first: 'let the budget allow an eviction',
  },
  {
    name: 'package-lock',
    what: 'another process holds the lock of the packages on NODE',
    at: KUBELET,
    strike: { kind: 'problem', name: 'package-lock' },
    first: 'end that process on NODE',
  },
  {
    name: 'package-source-gone',
    what: 'the package source does not answer NODE',
    at: FETCHED,
    strike: { kind: 'problem', name: 'no-repository' },
    first: 'let NODE reach the package source',
  },
  {
    name: 'install-fails',
    what: 'the package manager fails on NODE',
    at: KUBELET,
    strike: { kind: 'command', on: '^(apt-get|dnf|yum|zypper) .*install', does: 'exit:100' },
  },
  {
    name: 'image-not-pulled',
    what: 'NODE cannot pull images from the registry',
    at: { action: 'prefetch', role: 'control-plane', which: 'last' },
    strike: { kind: 'registry' },
    first: 'let NODE reach the registry',
  },
  {
    name: 'disk-full',
    what: 'the disk of NODE fills up: 150 MiB are left',
    at: FETCHED,
    strike: { kind: 'problem', name: 'full-disk' },
    first: 'free some of the disk of NODE',
  },
  {
    name: 'api-server-down',
    what: 'the API server of NODE stops to answer',
    at: JOINED,
    strike: { kind: 'problem', name: 'api-server-down', on: 'other' },
    first: 'let the API server of NODE answer again',
  },
  {
    name: 'etcd-member-down',
    what: 'the member of etcd on NODE dies',
    at: JOINED,
    strike: { kind: 'problem', name: 'etcd-member-down', on: 'other' },
    first: 'start the member of etcd on NODE',
  },
  {
    name: 'node-not-ready',
    what: 'the kubelet of NODE stops',
    at: { ...DRAIN, which: 'last' },
    strike: { kind: 'problem', name: 'not-ready', on: 'other' },
    first: 'start the kubelet of NODE',
  },
];
