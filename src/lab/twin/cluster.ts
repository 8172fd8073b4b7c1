import { stringify } from 'yaml';
import { healthyExtras, type ClusterExtras, type LabWebhook } from '../cluster-extras.ts';
import type { Cluster } from '../cluster.ts';
import type { Attachment } from '../volumes.ts';
import type { TwinClusterFacts } from './document.ts';
import { kubeletConfigurationText } from './kubelet.ts';

/** The configuration that the API keeps, webhooks, add-ons and volumes. */
export function writeCluster(cluster: Cluster, facts: TwinClusterFacts): void {
  const { kubeadmConfig, kubeProxy, coreDns, volumeAttachments } = facts;
  cluster.extras = extrasOf(facts);
  cluster.version = kubeadmConfig?.kubernetesVersion ?? cluster.version;
  cluster.kubeProxyVersion = kubeProxy?.version ?? cluster.version;
  const tag = coreDns?.image?.replace(/^.*:v?/, '');
  cluster.coreDnsVersion = tag ?? cluster.coreDnsVersion;
  if (volumeAttachments) cluster.attachments = volumeAttachments.map((one): Attachment => ({ ...one, ofPods: true }));
  const named = [...cluster.pods.all, ...cluster.budgets, ...cluster.workloads].map(({ namespace }) => namespace);
  const all = ['default', 'kube-node-lease', 'kube-public', 'kube-system', ...named];
  cluster.store.namespaces = [...new Set(all)].toSorted();
}

function extrasOf(facts: TwinClusterFacts): ClusterExtras {
  const { kubeadmConfig, kubeletConfig, kubeProxy, kubeProxyConfig, coreDns, webhooks = [] } = facts;
  const usual = healthyExtras();
  const { versioned } = kubeletConfig ?? {};
  const kubeletConfigMap = versioned === undefined ? usual.kubeletConfigMap : `kubelet-config-${versioned}`;
  const tag = kubeadmConfig?.etcd?.imageTag;
  const repository = kubeadmConfig?.imageRepository;
  const missing = [
    ...(coreDns && coreDns.corefile === undefined ? ['coredns'] : []),
    ...(kubeProxyConfig?.missing || kubeProxy?.unmanaged ? ['kube-proxy'] : []),
    ...(kubeletConfig?.missing ? [kubeletConfigMap] : []),
  ];
  return {
    ...usual,
    kubeletConfigMap,
    missingConfigMaps: missing,
    webhooks: webhooks.map(webhookOf),
    corefile: coreDns?.corefile ?? usual.corefile,
    kubeletConfig: kubeletConfig ? kubeletConfigurationText(kubeletConfig) : usual.kubeletConfig,
    kubeProxyConfig: kubeProxyConfig ? proxyConfiguration(kubeProxyConfig) : usual.kubeProxyConfig,
    extraArgs: Object.fromEntries(
      Object.entries(kubeadmConfig?.extra ?? {}).map(([component, { flags }]) => [
        component,
        Object.fromEntries(flags.map(({ name, value }) => [name, value])),
      ]),
    ),
    ...(tag === undefined ? {} : { etcdTag: tag }),
    ...(repository === undefined ? {} : { imageRepository: repository }),
    ...(coreDns?.resources ? { coreDnsResources: coreDns.resources } : {}),
    ...(kubeadmConfig?.clusterConfiguration === undefined
      ? {}
      : { clusterConfiguration: kubeadmConfig.clusterConfiguration }),
  };
}

function proxyConfiguration({ mode, featureGates }: NonNullable<TwinClusterFacts['kubeProxyConfig']>): string {
  return stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode,
    ...(Object.keys(featureGates).length > 0 ? { featureGates } : {}),
  });
}

type WebhookFacts = NonNullable<TwinClusterFacts['webhooks']>[number];

function webhookOf(hook: WebhookFacts): LabWebhook {
  const { configuration, name, fails, service, selector, namespaces, narrowed, rules } = hook;
  return {
    kind:
      hook.kind === 'MutatingWebhookConfiguration' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    name: configuration,
    hook: name,
    failurePolicy: fails ? 'Fail' : 'Ignore',
    resources: [],
    rules: rules.map(({ groups, resources, operations }) => ({ apiGroups: groups, resources, operations })),
    ...(service ? { service: { ...service, ...(selector ? { selector } : {}) } } : {}),
    ...(namespaces
      ? { namespaceSelector: { matchLabels: namespaces.matchLabels, matchExpressions: namespaces.matchExpressions } }
      : {}),
    ...(narrowed ? { objectSelector: { matchLabels: { narrowed: 'true' } } } : {}),
  };
}
