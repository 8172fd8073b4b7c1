import type { KnownText } from '../text.ts';

const DRAIN = 'kubernetes/kubectl: pkg/drain/filters.go';

/** What `kubectl drain` prints. */
export const kubectlDrain: readonly KnownText[] = [
  {
    id: 'drain-disruption-budget',
    patterns: [/Cannot evict pod as it would violate the pod's disruption budget/],
    meaning: 'A PodDisruptionBudget does not allow the eviction',
    cause: 'Too few pods of the workload are ready, or the budget never allows one to go (maxUnavailable 0).',
    remedy:
      '`kubectl get pdb -A` shows ALLOWED DISRUPTIONS 0. Make the workload healthy, add a replica, or let its owner relax the budget; then `runbook resume`. Never delete pods around it.',
    source:
      'seen on Debian 12 with kubectl 1.20 (docs/real-cluster.md); https://github.com/kubermatic/kubeone/issues/1289',
    examples: [
      `error when evicting pods/"web-67bbc55f-zn6xm" -n "demo" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.`,
      "Error from server (TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget.",
    ],
  },
  {
    id: 'drain-two-budgets',
    patterns: [/This pod has more than one PodDisruptionBudget, which the eviction subresource does not support/],
    meaning: 'Two PodDisruptionBudgets select the same pod, which cannot be evicted then',
    cause: 'The selectors of two budgets overlap.',
    remedy: '`kubectl get pdb -n NAMESPACE -o wide`; correct the selector of one of them, then `runbook resume`.',
    source: 'kubernetes/kubernetes: pkg/registry/core/pod/storage/eviction.go',
    examples: [
      'error when evicting pods/"web-0" -n "demo": This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    ],
  },
  {
    id: 'drain-no-controller',
    patterns: [
      /(declare no controller|not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet) \(use --force/,
      /cannot delete Pods .*declare no controller/,
    ],
    meaning: 'Pods without a controller are on the node; evicted, they are lost',
    cause: 'No Deployment, StatefulSet or Job would create them again.',
    remedy:
      'Delete or move them with their owner, or set the input `force: true` of the runbook (kubectl: `--force`) if they may be lost.',
    source: DRAIN,
    examples: [
      'error: unable to drain node "w1" due to error: cannot delete Pods that declare no controller (use --force to override): default/naked, continuing command...',
      'cannot delete Pods not managed by ReplicationController, ReplicaSet, Job, DaemonSet or StatefulSet (use --force to override): default/naked',
      'error: unable to drain node "w1", aborting command...: cannot delete Pods declare no controller (use --force to override): default/naked',
    ],
  },
  {
    id: 'drain-local-storage',
    patterns: [/cannot delete Pods with local storage/],
    meaning: 'Pods with emptyDir data are on the node; evicted, their data is lost',
    cause: 'kubectl does not delete emptyDir volumes unasked.',
    remedy:
      'Ask the owner of the pods. If the data may go: the input `deleteEmptydirData: true` of the runbook (kubectl: `--delete-emptydir-data`, before 1.20 `--delete-local-data`).',
    source: DRAIN,
    examples: [
      'error: cannot delete Pods with local storage (use --delete-emptydir-data to override): kube-system/metrics-server-6d94bc8694-nw7x5',
      'error: unable to drain node "w1", aborting command...: cannot delete Pods with local storage (use --delete-local-data to override): demo/scratch-859d64699b-28rzm',
    ],
  },
  {
    id: 'drain-daemonset',
    patterns: [
      /cannot delete DaemonSet-managed Pods \(use --ignore-daemonsets/,
      /DaemonSet-managed Pods \(use --ignore-daemonsets to ignore\)/,
    ],
    meaning: 'DaemonSet pods are on the node, and kubectl was not asked to leave them',
    cause: 'They cannot be drained: their DaemonSet puts them back at once.',
    remedy: 'Pass `--ignore-daemonsets`; the action `drain` does.',
    source: DRAIN,
    examples: [
      'error: unable to drain node "w1", aborting command...: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): kube-system/kube-proxy-vczdh',
    ],
  },
  {
    id: 'drain-timeout',
    breadth: 'general',
    patterns: [/global timeout reached: \S+/, /error when (waiting for|evicting) pods?.*(timed out|timeout)/],
    meaning: 'The drain did not end within its time limit',
    cause:
      'A pod is not evicted (a budget) or does not end (a finalizer, a long grace period, a volume that does not detach).',
    remedy:
      '`kubectl get pods -A -o wide --field-selector spec.nodeName=NODE` shows what is left, `kubectl describe pod` why. Fix that or raise the `timeout` of the drain, then `runbook resume`.',
    source: 'seen on Debian 12 with kubectl 1.20 (docs/real-cluster.md)',
    examples: [
      'error when evicting pods/"web-67bbc55f-zn6xm" -n "demo": global timeout reached: 12s',
      'There are pending pods in node "w1" when an error occurred: [error when evicting pods/"web-67bbc55f-zn6xm" -n "demo": global timeout reached: 12s]',
    ],
  },
  {
    id: 'drain-namespace-terminating',
    patterns: [/because it is being terminated/],
    meaning: 'A namespace is being deleted, and its pods cannot be evicted or created',
    cause: 'A finalizer, or an API service that does not answer, holds the namespace.',
    remedy:
      '`kubectl get ns`, `kubectl get apiservices | grep False`; repair or delete what holds it, then `runbook resume`.',
    source: 'kubernetes/apiserver: pkg/admission/plugin/namespace/lifecycle/admission.go',
    examples: [
      'error when evicting pods/"web-0" -n "demo": pods "web-0" is forbidden: unable to create new content in namespace demo because it is being terminated',
    ],
  },
];
