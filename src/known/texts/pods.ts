import type { KnownText } from '../text.ts';

/** What `kubectl get` and `describe` show of pods that do not start. A pod of any workload may be so. */
export const pods: readonly KnownText[] = [
  {
    id: 'pod-no-node',
    breadth: 'general',
    patterns: [/\b0\/\d+ nodes are available: /],
    meaning: 'A pod fits on no node',
    cause:
      'Nodes are cordoned or tainted, their CPU or memory is requested already, or a volume or affinity binds the pod.',
    remedy:
      'The counts behind it say which. `kubectl get nodes`, uncordon one, free room or add a node; then `runbook resume`.',
    source: 'https://kubernetes.io/docs/tasks/debug/debug-application/debug-pods/',
    examples: [
      '  Warning  FailedScheduling  4s  default-scheduler  0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. preemption: 0/3 nodes are available',
    ],
  },
  {
    id: 'pod-crash-loop',
    breadth: 'general',
    patterns: [/\bCrashLoopBackOff\b/, /Back-off restarting failed container/],
    meaning: 'A container ends again and again after its start',
    cause: 'Its program fails: a wrong flag or configuration, something it needs that is away, too little memory.',
    remedy: '`kubectl -n NAMESPACE logs POD --previous`, `kubectl describe pod`; repair it, then `runbook resume`.',
    source: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/',
    examples: ['kube-system   coredns-7db6d8ff4d-2xk9p   0/1     CrashLoopBackOff   7 (2m ago)   14m'],
  },
  {
    id: 'pod-image-pull',
    breadth: 'general',
    patterns: [/\b(ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName)\b/],
    meaning: 'The image of a pod cannot be pulled',
    cause: 'A wrong name or tag, a registry that does not answer, or missing credentials.',
    remedy: '`kubectl -n NAMESPACE describe pod POD` has the message; `crictl pull IMAGE` on the node repeats it.',
    source: 'https://kubernetes.io/docs/concepts/containers/images/',
    examples: ['demo          web-7fc54f6c94-6c8hv       0/1     ImagePullBackOff   0            3m'],
  },
];
