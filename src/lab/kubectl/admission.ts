import { uuidOf } from '../identity.ts';
import type { LabWebhook } from '../cluster-extras.ts';
import type { World } from '../world.ts';
import { metadata, type ApiObject } from './objects.ts';
import type { Resource } from './resource.ts';

/** Webhook configurations, and Services with what they select. */
export const admissionResources: readonly Resource[] = [
  configurations('ValidatingWebhookConfiguration'),
  configurations('MutatingWebhookConfiguration'),
  {
    singular: 'service',
    names: ['service', 'services', 'svc'],
    namespaced: true,
    list: services,
    columns: ['TYPE'],
    row: (item) => [item.metadata.name, 'ClusterIP'],
  },
];

function configurations(kind: LabWebhook['kind']): Resource {
  const name = kind.toLowerCase();
  return {
    singular: `${name}.admissionregistration.k8s.io`,
    names: [name, `${name}s`],
    namespaced: false,
    list: ({ cluster }) =>
      cluster.extras.webhooks
        .filter((webhook) => webhook.kind === kind)
        .map((webhook) => ({
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind,
          metadata: metadata(cluster, webhook.name, undefined),
          webhooks: [webhookOf(webhook)],
        })),
    columns: ['WEBHOOKS'],
    row: (item) => [item.metadata.name, '1'],
  };
}

function webhookOf({ name, service, failurePolicy, resources }: LabWebhook) {
  return {
    admissionReviewVersions: ['v1'],
    clientConfig: {
      caBundle: 'TGFi',
      service: { name: service.name, namespace: service.namespace, path: '/validate', port: 443 },
    },
    failurePolicy,
    matchPolicy: 'Equivalent',
    name: `${name}.example.com`,
    namespaceSelector: {},
    objectSelector: {},
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources, scope: '*' }],
    sideEffects: 'None',
    timeoutSeconds: 10,
  };
}

function services({ cluster }: World): ApiObject[] {
  const own = [
    { namespace: 'default', name: 'kubernetes', selector: undefined },
    { namespace: 'kube-system', name: 'kube-dns', selector: { 'k8s-app': 'kube-dns' } },
    ...cluster.extras.webhooks.map(({ service }) => service),
  ];
  return own.map(({ namespace, name, selector }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata(cluster, name, namespace), uid: uuidOf(`service:${namespace}/${name}`) },
    spec: { type: 'ClusterIP', ports: [{ port: 443, protocol: 'TCP' }], ...(selector ? { selector } : {}) },
  }));
}
