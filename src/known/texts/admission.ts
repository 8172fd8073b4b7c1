import type { KnownText } from '../text.ts';

const APIMACHINERY = 'kubernetes/apimachinery: pkg/api/errors/errors.go';

/** What the API server answers where it refuses a request, or something in its way does. */
export const admission: readonly KnownText[] = [
  {
    id: 'api-conflict',
    patterns: [/the object has been modified; please apply your changes to the latest version/],
    meaning: 'Someone else changed the object in the meantime',
    cause: 'A controller or another operator wrote it between the read and the write.',
    remedy: 'Repeat the step: `runbook resume`. If it comes back, find who else writes it (`--show-managed-fields`).',
    source: APIMACHINERY,
    examples: [
      `Error from server (Conflict): Operation cannot be fulfilled on nodes "w1": the object has been modified; please apply your changes to the latest version and try again`,
    ],
  },
  {
    id: 'api-immutable',
    patterns: [
      /(field is immutable|may not change once set|updates to \S+ spec for fields other than .* are forbidden)/,
    ],
    meaning: 'A field cannot be changed on the existing object',
    cause: 'Such as the selector of a Deployment or DaemonSet that was made by an older manifest.',
    remedy: 'Save the object (`kubectl get -o yaml`), delete it with `--cascade=orphan`, and apply the new manifest.',
    source: 'kubernetes/kubernetes: pkg/apis/apps/validation/validation.go',
    examples: [
      'The Deployment "coredns" is invalid: spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"k8s-app":"kube-dns"}}: field is immutable',
    ],
  },
  {
    id: 'api-webhook-no-endpoints',
    patterns: [/failed calling webhook "[^"]*": .*no endpoints available for service/],
    meaning: 'An admission webhook has no pod that answers, and so refuses everything',
    cause: 'All pods of its service are gone: they ran on the node that was drained, or are not ready.',
    remedy:
      '`kubectl get endpointslices -n NAMESPACE`, start its pods elsewhere (uncordon a node, more replicas), then `runbook resume`. If it is lost: `failurePolicy: Ignore`, or delete its ValidatingWebhookConfiguration / MutatingWebhookConfiguration.',
    source: 'https://github.com/FabianHardt/k3d-bootstrap-cluster/issues/25',
    examples: [
      `Error from server (InternalError): error when creating "httpbin/sample-ingress-nginx.yaml": Internal error occurred: failed calling webhook "validate.nginx.ingress.kubernetes.io": failed to call webhook: Post "https://ingress-nginx-controller-admission.ingress-nginx.svc:443/networking/v1/ingresses?timeout=10s": no endpoints available for service "ingress-nginx-controller-admission"`,
    ],
  },
  {
    id: 'api-webhook-failed',
    patterns: [/failed calling webhook "[^"]*": (?!.*no endpoints available for service)/],
    meaning: 'The API server could not ask an admission webhook, and so refuses the request',
    cause:
      'The webhook does not answer in time, its certificate is not trusted or has expired, or its pod network is broken.',
    remedy:
      '`kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations`; look at the pods and the certificate of the one named. Restart or repair it, then `runbook resume`; `failurePolicy: Ignore` if it must not block.',
    source: 'kubernetes/apiserver: pkg/util/webhook/error.go',
    examples: [
      `Internal error occurred: failed calling webhook "webhook.cert-manager.io": Post https://cert-manager-webhook.cert-manager.svc:443/mutate?timeout=10s: context deadline exceeded`,
      `Error from server (InternalError): Internal error occurred: failed calling webhook "vpod.example.com": failed to call webhook: Post "https://policy.policy.svc:443/validate?timeout=10s": x509: certificate signed by unknown authority`,
      `Error from server (InternalError): Internal error occurred: failed calling webhook "vpod.example.com": failed to call webhook: Post "https://policy.policy.svc:443/validate?timeout=10s": dial tcp 10.96.12.7:443: connect: connection refused`,
    ],
  },
  {
    id: 'api-webhook-denied',
    patterns: [
      /admission webhook "[^"]*" denied the request/,
      /ValidatingAdmissionPolicy '[^']*' (with binding '[^']*' )?denied request/,
    ],
    meaning: 'A policy of this cluster refuses the request',
    cause: 'An admission webhook or ValidatingAdmissionPolicy (Gatekeeper, Kyverno) has a rule against it.',
    remedy: 'The text after "denied the request" is the rule. Change the object, or ask its owner for an exception.',
    source: 'kubernetes/apiserver: pkg/admission/plugin/webhook/errors/statuserror.go',
    examples: [
      'Error from server: admission webhook "validation.gatekeeper.sh" denied the request: [no-drain] nodes may not be cordoned on Fridays',
    ],
  },
  {
    id: 'api-quota',
    patterns: [/is forbidden: (exceeded quota|failed quota)/],
    meaning: 'A ResourceQuota of the namespace is used up',
    cause: 'The new pods do not fit into the quota beside the old ones.',
    remedy: '`kubectl describe quota -n NAMESPACE`; free something there, or have the quota raised.',
    source: 'https://kubernetes.io/docs/concepts/policy/resource-quotas/',
    examples: [
      'Error from server (Forbidden): pods "web" is forbidden: exceeded quota: compute, requested: cpu=1, used: cpu=4, limited: cpu=4',
    ],
  },
];
