import type { KubeadmOptions } from '../../actions/lib/kubeadm-options.ts';
import type { Facts, NodeFacts } from '../../facts/facts.ts';
import { KUBEADM_FLAGS } from '../../facts/lib/kubeadm-cleans.ts';
import { once } from '../../facts/lib/once.ts';
import type { Finding, GuardNode } from '../guard.ts';

/** A release that does harm under some condition, although its successors do not. */
export interface KnownBad {
  /** The first and the last release of kubeadm (or of what it brings) that does it. */
  readonly to: readonly [first: string, last: string];
  /** Only from these releases; undefined: from any. */
  readonly from?: readonly [first: string, last: string];
  /** Only where it does it: each node, or only the one where the cluster's configuration is written. */
  readonly steps: 'apply' | 'both';
  readonly severity: Exclude<Finding['severity'], 'note'>;
  readonly what: string;
  readonly remedy: string;
  readonly source: string;
  /** Is this cluster, or this node, one of those that it happens to? Without a node: any of them. */
  readonly condition: (facts: Facts, node: Subject | undefined, options: KubeadmOptions) => boolean;
}

export type Subject = Pick<GuardNode, 'name' | 'role'>;

/** From this many on the API server is counted as having many; the reports name no number. */
const MANY_NAMESPACES = 1000;

const some = (facts: Facts, node: Subject | undefined, holds: (facts: NodeFacts) => boolean): boolean =>
  node ? holds(facts.nodes[node.name] ?? {}) : Object.values(facts.nodes).some(holds);

const namespaces = once(
  (pods: NonNullable<NonNullable<Facts['cluster']>['pods']>) => new Set(pods.map(({ namespace }) => namespace)).size,
);

/**
 * Compared with the releases up to 1.37. Which patch fixes 1.32.0 and 1.34.1 is by the reports, not by a changelog.
 */
export const knownBad: readonly KnownBad[] = [
  {
    from: ['1.28.0', '1.28.2'],
    to: ['1.28.3', '1.28.99'],
    steps: 'both',
    severity: 'warn',
    what: "etcd's manifest of kubeadm 1.28.0 to 1.28.2 has default fields written out, whose removal does not change its hash: kubeadm waits 5 minutes for etcd and rolls back, unless this release brings another etcd",
    remedy:
      'Give `etcdUpgrade: false` to the step; or take the defaulted fields out of /etc/kubernetes/manifests/etcd.yaml first ("Troubleshooting kubeadm").',
    source: 'kubernetes/kubeadm #2957',
    condition: (facts, node, { etcdUpgrade }) =>
      etcdUpgrade !== false &&
      node?.role !== 'worker' &&
      some(facts, node, ({ staticPods }) => !staticPods || staticPods.components['etcd'] !== undefined),
  },
  {
    to: ['1.30.0', '1.30.0'],
    steps: 'both',
    severity: 'refuse',
    what: 'it writes a default kubelet configuration over the ConfigMap kubelet-config and over the file of each node',
    remedy: 'Take 1.30.1 or newer. Or save the ConfigMap kube-system/kubelet-config first, and override this refusal.',
    source: 'kubernetes/kubeadm #3049, kubernetes/kubernetes #124480',
    condition: () => true,
  },
  {
    to: ['1.32.0', '1.32.0'],
    steps: 'apply',
    severity: 'refuse',
    what: 'it deploys kube-proxy, which this cluster does not have: two programs then serve the same Services',
    remedy: 'Take a newer patch of 1.32, and look at it again before the upgrade (`kubectl -n kube-system get ds`).',
    source: 'kubernetes/kubeadm #3137',
    condition: ({ cluster }) => cluster?.kubeProxy !== undefined && cluster.kubeProxy.version === undefined,
  },
  {
    to: ['1.34.0', '1.34.1'],
    steps: 'both',
    severity: 'refuse',
    what: 'it looks for a Node of the name of the host, which is not that of the Node object, and fails: "could not remove the CRI socket annotation"',
    remedy: 'Take 1.34.2 or newer.',
    source: 'kubernetes/kubeadm #3244',
    condition: (facts, node) =>
      some(facts, node, ({ machine, kubelet }) => {
        const [host, name] = [machine?.hostname?.toLowerCase(), kubelet?.nodeName];
        return host !== undefined && name !== undefined && host !== name;
      }),
  },
  {
    to: ['1.35.0', '1.35.0'],
    steps: 'both',
    severity: 'refuse',
    what: `it fails at its end where ${KUBEADM_FLAGS} has no flags: "no flags found in file"`,
    remedy: `Take 1.35.1 or newer; or put a flag into ${KUBEADM_FLAGS} that changes nothing, such as --v=2.`,
    source: 'kubernetes/kubeadm #3279, kubernetes/kubernetes #136131',
    condition: (facts, node) =>
      some(
        facts,
        node,
        ({ kubeletSetup }) =>
          kubeletSetup !== undefined && !kubeletSetup.flags.some(({ file }) => file === KUBEADM_FLAGS),
      ),
  },
  {
    to: ['1.33.0', '1.35.99'],
    steps: 'apply',
    severity: 'warn',
    what: `its API server may not get ready where there are many namespaces (here more than ${MANY_NAMESPACES}): MultiCIDRServiceAllocator waits for them before it repairs the addresses of Services`,
    remedy:
      'Try it on a copy of the cluster first. Webhooks that match everything make it worse: exclude IPAddress objects from them. 1.36 does better.',
    source: 'kubernetes/kubernetes #137147, #136288',
    condition: ({ cluster }) => cluster?.pods !== undefined && namespaces(cluster.pods) > MANY_NAMESPACES,
  },
];
