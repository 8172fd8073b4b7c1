import type { Facts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { WebhookFact } from '../../src/facts/webhooks.ts';
import { hooked } from './addons.cases.ts';
import type { GuardCase } from './cases.ts';
import { pod, sketch, stepOn } from './cluster.ts';
import { upgrade, withCluster } from './healthy.ts';

const inClusters = (version: string, taints: NodeObject['taints'], cordoned: readonly string[]): Facts => {
  const facts = sketch({ apiServers: { cp1: '1.29.9' }, kubelets: { cp1: '1.29.9', w1: '1.29.9' }, cordoned });
  const nodes = (facts.cluster?.nodes ?? []).map((node) => (node.name === 'cp1' ? { ...node, taints } : node));
  return { ...facts, cluster: { ...facts.cluster, nodes, kubeadmConfig: { kubernetesVersion: version } } };
};
const apply = (version: string, options = {}) => stepOn('cp1', 'kubeadm-upgrade-apply', { version, ...options });
const control = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
export const schedulableCases: readonly GuardCase[] = [
  {
    title: 'a control plane alone takes it in spite of its taint',
    facts: inClusters('1.29.9', [control], ['w1']),
    step: apply('1.30.4'),
    finds: [],
  },
  {
    title: 'all are cordoned',
    facts: inClusters('1.29.9', [], ['cp1', 'w1']),
    step: apply('1.30.4'),
    finds: [['refuse', 'no node takes its pod: cp1 (cordoned), w1 (cordoned)']],
    node: 'cp1',
  },
  {
    title: 'the one that is left has a taint that it does not tolerate',
    facts: inClusters('1.29.9', [control, { key: 'storage', effect: 'NoExecute' }], ['w1']),
    step: apply('1.30.4'),
    finds: [['refuse', 'cp1 (taint storage)']],
  },
  {
    title: 'the check is skipped',
    facts: inClusters('1.29.9', [], ['cp1', 'w1']),
    step: apply('1.30.4', { ignorePreflightErrors: ['CreateJob'] }),
    finds: [['warn', 'no node takes its pod']],
  },
  {
    title: 'kubeadm 1.31 leaves the Job out',
    facts: inClusters('1.30.4', [], ['cp1', 'w1']),
    step: apply('1.31.9'),
    finds: [],
  },
  {
    title: 'kubeadm upgrade node starts none',
    facts: inClusters('1.30.4', [], ['cp1', 'w1']),
    step: stepOn('cp1', 'kubeadm-upgrade-node', { version: '1.30.4' }),
    finds: [],
  },
];

const ofKubeadm = [{ groups: ['apps'], resources: ['daemonsets', 'deployments'], operations: ['*'] }];
const selectsNamespaces = (operator: string, key = 'kubernetes.io/metadata.name'): Partial<WebhookFact> => ({
  rules: ofKubeadm,
  namespaces: { matchLabels: {}, matchExpressions: [{ key, operator, values: ['kube-system'] }] },
});
const roles = { groups: ['rbac.authorization.k8s.io'], resources: ['*'], operations: ['UPDATE'] };
export const deadWebhookCases: readonly GuardCase[] = [
  {
    title: 'for the addons',
    facts: hooked([], { rules: ofKubeadm }),
    step: upgrade,
    finds: [['refuse', 'must answer for daemonsets, deployments, but demo/policy has no ready pod']],
    node: 'cp1',
  },
  {
    title: 'for the preflight Job',
    facts: hooked([], { rules: [{ groups: ['batch'], resources: ['*'], operations: ['CREATE'] }] }),
    step: upgrade,
    finds: [['refuse', 'must answer for jobs']],
  },
  {
    title: 'for roles, which no selector of namespaces exempts where they have none',
    facts: hooked([], { ...selectsNamespaces('NotIn'), rules: [roles] }),
    step: upgrade,
    finds: [['refuse', 'must answer for roles, rolebindings, clusterroles, clusterrolebindings']],
  },
  { title: 'that leaves out kube-system', facts: hooked([], selectsNamespaces('NotIn')), step: upgrade, finds: [] },
  {
    title: 'for kube-system by name',
    facts: hooked([], selectsNamespaces('In')),
    step: upgrade,
    finds: [['refuse', 'must answer for daemonsets']],
  },
  {
    title: 'that leaves out namespaces by a label which is not known',
    facts: hooked([], selectsNamespaces('NotIn', 'admission.example.com/ignore')),
    step: upgrade,
    finds: [['warn', 'must answer for daemonsets']],
  },
  {
    title: 'with conditions that are not judged',
    facts: hooked([], { rules: ofKubeadm, narrowed: true }),
    step: upgrade,
    finds: [['warn', 'must answer for daemonsets']],
  },
  { title: 'with a ready pod', facts: hooked([pod('policy-1', 'w1')], { rules: ofKubeadm }), step: upgrade, finds: [] },
  {
    title: 'for what is only deleted',
    facts: hooked([], { rules: [{ groups: ['apps'], resources: ['*'], operations: ['DELETE'] }] }),
    step: upgrade,
    finds: [],
  },
  {
    title: 'for the addons, on a worker',
    facts: hooked([], { rules: ofKubeadm }),
    step: stepOn('w1', 'kubeadm-upgrade-node', { version: '1.31.9' }),
    finds: [],
  },
  {
    title: 'for nodes, on a worker',
    facts: hooked([], { rules: [{ groups: [''], resources: ['nodes'], operations: ['UPDATE'] }] }),
    step: stepOn('w1', 'kubeadm-upgrade-node', { version: '1.31.9' }),
    finds: [['refuse', 'must answer for nodes']],
    node: 'w1',
  },
  {
    title: 'for the addons, without a step',
    facts: hooked([], { rules: ofKubeadm }),
    finds: [['warn', 'must answer for daemonsets, deployments']],
  },
];

const agent = (name: string, image: string) =>
  pod(`${name}-1`, 'w1', { images: [image], controller: { kind: 'DaemonSet', name, exists: true } });
const plugins = (...pods: ReturnType<typeof agent>[]): Facts => withCluster({ pods });
export const networkPluginCases: readonly GuardCase[] = [
  {
    title: 'Flannel, beside what is none',
    facts: plugins(
      agent('kube-flannel-ds', 'ghcr.io/flannel-io/flannel:v0.26.1'),
      agent('kube-proxy', 'registry.k8s.io/kube-proxy:v1.31.9'),
    ),
    step: upgrade,
    finds: [['note', 'the network plugin is not upgraded: Flannel 0.26.1 (demo/kube-flannel-ds)']],
    node: 'cp1',
  },
  {
    title: 'Calico from another registry, by digest, and Multus',
    facts: plugins(
      agent('calico-node', 'my.repo:5000/mirror/calico/node:v3.28.0@sha256:00'),
      agent('multus', 'ghcr.io/k8snetworkplumbingwg/multus-cni:snapshot'),
    ),
    step: upgrade,
    finds: [['note', 'Calico 3.28.0 (demo/calico-node), Multus snapshot (demo/multus)']],
  },
  {
    title: 'two versions while it is rolled out',
    facts: plugins(agent('cilium', 'quay.io/cilium/cilium:v1.16.0'), agent('cilium', 'quay.io/cilium/cilium:v1.15.7')),
    step: upgrade,
    finds: [['note', 'Cilium 1.15.7 and 1.16.0 (demo/cilium)']],
  },
  {
    title: 'within the minor',
    facts: plugins(agent('cilium', 'quay.io/cilium/cilium:v1.16.0')),
    step: apply('1.31.13'),
    finds: [],
  },
  { title: 'none that is known', facts: plugins(agent('x', 'example.com/x:1')), step: upgrade, finds: [] },
];
