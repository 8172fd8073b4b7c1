import { kubeletConfig } from './kubelet-files.ts';

/** A ValidatingWebhookConfiguration or MutatingWebhookConfiguration with one webhook, and the Service behind it. */
export interface LabWebhook {
  readonly kind: 'ValidatingWebhookConfiguration' | 'MutatingWebhookConfiguration';
  readonly name: string;
  readonly failurePolicy: 'Fail' | 'Ignore';
  /** Undefined: it is asked at an address outside. */
  readonly service?: {
    readonly namespace: string;
    readonly name: string;
    /** Labels of its pods; of a workload of the lab, or of no pod at all. */
    readonly selector?: Readonly<Record<string, string>>;
  };
  /** Of the core group: `pods`, `nodes` ... */
  readonly resources: readonly string[];
  /** The webhook's own name; default: it follows from that of its configuration. */
  readonly hook?: string;
  /** In place of those for {@link resources}. */
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly operations: readonly string[];
  }[];
  readonly namespaceSelector?: object;
  readonly objectSelector?: object;
}

/** API objects that guards look at, and nothing in the lab acts on. Each field can be set to plant a problem. */
export interface ClusterExtras {
  webhooks: LabWebhook[];
  /** The text in the ConfigMap kubelet-config: kubeadm writes it to each node that it upgrades. */
  kubeletConfig: string;
  corefile: string;
  /** ConfigMaps of kube-system that are not there. */
  missingConfigMaps: string[];
  /** The name of the ConfigMap of the kubelets' configuration: `kubelet-config-1.20` until 1.23. */
  kubeletConfigMap: string;
  /** The KubeProxyConfiguration. */
  kubeProxyConfig: string;
  /** The whole ClusterConfiguration, but for its release; else it is made of the fields below. */
  clusterConfiguration?: string;
  /** Where kubeadm takes the images from that are not its own default's. */
  imageRepository?: string;
  /** Of the ClusterConfiguration: flags by component, from which kubeadm writes the manifests. */
  extraArgs: Record<string, Record<string, string>>;
  /** Of the ClusterConfiguration: kubeadm leaves etcd at this tag. */
  etcdTag?: string;
  coreDnsResources: { limits: Record<string, string>; requests: Record<string, string> };
  /** The release whose kubeadm wrote the ConfigMap kubelet-config last; undefined: none since `kubeadm init`. */
  kubeletConfigOf?: string;
  /** admin.conf's group is bound to cluster-admin. */
  adminMayAll: boolean;
  /** Bootstrap tokens, and until when they hold (milliseconds since the epoch). */
  tokens: { token: string; until: number }[];
  /** The Secret kubeadm-certs: what decrypts it, and until when it is there (milliseconds since the epoch). */
  uploadedCertificates?: { key: string; until: number };
}

export function healthyExtras(): ClusterExtras {
  return {
    webhooks: [],
    kubeletConfig,
    corefile,
    missingConfigMaps: [],
    kubeletConfigMap: 'kubelet-config',
    kubeProxyConfig: 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n',
    extraArgs: {},
    coreDnsResources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
    adminMayAll: true,
    tokens: [],
  };
}

/** As kubeadm writes it. */
const corefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

/** A webhook that must answer for pods, served by the pods with these labels: none, or those of a lab's workload. */
export function webhookFor(labels: Readonly<Record<string, string>>, name = 'policy'): LabWebhook {
  return {
    kind: 'ValidatingWebhookConfiguration',
    name,
    failurePolicy: 'Fail',
    service: { namespace: 'demo', name, selector: labels },
    resources: ['pods'],
  };
}

/** Something asked an API server for an API that a release removes. It is counted until that server restarts. */
export interface DeprecatedRequest {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly removedRelease: string;
}

export function deprecatedMetrics(requests: readonly DeprecatedRequest[]): string {
  const rows = requests.map(
    ({ group, version, resource, removedRelease }) =>
      `apiserver_requested_deprecated_apis{group="${group}",removed_release="${removedRelease}",resource="${resource}",subresource="",version="${version}"} 1\n`,
  );
  return `# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested, broken out by API group, version, resource, subresource, and removed_release.\n# TYPE apiserver_requested_deprecated_apis gauge\n${rows.join('')}`;
}
