import { z } from 'zod';
import type { ClusterFacts, Facts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';
import type { Action, ActionContext } from './action.ts';
import { addonsGone, addonsMissing, projectAddons, rolloutsMissing, stillLacking } from './lib/addons.ts';
import { configMissing, controlPlaneMissing, kubeletConfigMissing, projectControlPlane } from './lib/control-plane.ts';
import { CORDONED_BY, FAILED, kubectl } from './lib/kubectl.ts';
import { release } from './lib/release.ts';
import { some, verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  version: release.describe('The release that the whole cluster must be at'),
  kubelets: z.boolean().default(true).describe('false: the kubelets may be older'),
});
type With = z.infer<typeof schema>;

export const verifyCluster: Action<With> = {
  name: 'verify-cluster',
  summary: 'Wait until the whole cluster is at the version, Ready and schedulable',
  schema,
  target: ({ version }) => version,
  place: 'kubectl',
  effect: 'none',
  timeout: 600_000,
  usually: 20_000,
  onTimeout: 'kill',
  facts: [
    'machine',
    'kubelet',
    'staticPods',
    'nodes',
    'apiServers',
    'kubeadmConfig',
    'kubeletConfig',
    'kubeProxy',
    'coreDns',
  ],
  guards: ['membership'],
  settle: 0,
  wholeCluster: true,
  waitsFor: (context) => [
    kubectl(context, 'get', 'nodes'),
    kubectl(context, '-n', 'kube-system', 'get', 'daemonset/kube-proxy', 'deployment/coredns'),
    kubectl(context, '-n', 'kube-system', 'get', 'configmap', 'kubeadm-config', 'kubelet-config'),
  ],
  isDone(context) {
    const { cluster } = context.facts;
    if (!cluster) return { done: false, reason: 'nothing is known of the cluster' };
    const missing = [
      ...controlPlanes(context).flatMap((one) => controlPlaneMissing(one, context.with.version)),
      ...configurationMissing(context, cluster),
      ...rolloutsMissing(cluster, context.addons),
      ...(cluster.nodes ?? []).flatMap((node) => nodeMissing(context.with, node)),
    ];
    return verdictOf([...new Set(missing)], `${summary(context)}${stillLacking(cluster)}${leftCordoned(cluster)}`);
  },
  project(context): Facts {
    const { version, kubelets } = context.with;
    const facts = controlPlanes(context).reduce(
      (facts, one) => projectControlPlane({ ...one, with: {}, facts }, version, true),
      context.facts,
    );
    const { cluster } = facts;
    if (!cluster) return facts;
    const { nodes } = cluster;
    return {
      ...facts,
      cluster: {
        ...projectAddons(facts, version),
        ...(nodes && {
          nodes: nodes.map((node) => ({
            ...node,
            ready: true,
            unschedulable: node.unschedulable && !isOurs(node),
            kubeletVersion: kubelets ? version : node.kubeletVersion,
          })),
        }),
      },
    };
  },
};

function controlPlanes(context: ActionContext<With>): ActionContext<With>[] {
  return context.nodes.filter((node) => node.role === 'control-plane').map((node) => ({ ...context, node }));
}

/** What kubeadm keeps in the cluster, each with its cure. What it did not have before is owed to no cluster. */
function configurationMissing(
  { with: { version }, addons, facts }: ActionContext<With>,
  cluster: ClusterFacts,
): string[] {
  const again = [...configMissing(cluster, version), ...addonsMissing(facts, version)];
  return [
    ...again.map((one) => `${one} (\`kubeadm upgrade apply v${version}\` on a control plane, again, brings it)`),
    ...kubeletConfigMissing(cluster, version).map(
      (one) => `${one} (\`kubeadm init phase upload-config kubelet --config FILE\` writes it: ${FILE})`,
    ),
    ...addonsGone(cluster, addons).map(
      (name) =>
        `${name} was there when the run was planned, and is gone (\`kubeadm init phase addon ${name} --config FILE\` brings it back: ${FILE})`,
    ),
  ];
}

const FILE = 'FILE is the ClusterConfiguration of the ConfigMap kubeadm-config';

function nodeMissing(options: With, node: NodeObject): string[] {
  return [
    ...(node.ready ? [] : [`${node.name} is not Ready (${node.readyReason})`]),
    ...(options.kubelets && node.kubeletVersion !== options.version
      ? [`the kubelet of ${node.name} is ${node.kubeletVersion}, not ${options.version}`]
      : []),
    ...(node.unschedulable && isOurs(node) ? [`${node.name} is still cordoned by this program`] : []),
  ];
}

function summary(context: ActionContext<With>): string {
  const nodes = context.facts.cluster?.nodes?.length ?? 0;
  const kubelets = context.with.kubelets ? ' and every kubelet' : '';
  return `the control plane${kubelets} is at ${context.with.version}, ${nodes} nodes are Ready`;
}

/** Report, but do not fail on, a node someone else cordoned. */
function leftCordoned(cluster: ClusterFacts): string {
  const names = (cluster.nodes ?? []).filter((node) => node.unschedulable).map((node) => node.name);
  return names.length > 0 ? `; cordoned by someone else and left so: ${some(names)}` : '';
}

function isOurs(node: NodeObject): boolean {
  return node.annotations[CORDONED_BY] !== undefined || node.annotations[FAILED] !== undefined;
}
