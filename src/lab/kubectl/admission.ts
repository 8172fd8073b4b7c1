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
    list: ({ cluster }) => {
      const own = cluster.extras.webhooks.filter((webhook) => webhook.kind === kind);
      return [...new Set(own.map(({ name }) => name))].map((configuration) => ({
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind,
        metadata: metadata(cluster, configuration, undefined),
        webhooks: own.filter(({ name }) => name === configuration).map(webhookOf),
      }));
    },
    columns: ['WEBHOOKS'],
    row: (item) => [item.metadata.name, '1'],
  };
}

function webhookOf({ name, service, failurePolicy, resources, ...more }: LabWebhook) {
  const rules = more.rules ?? [{ apiGroups: [''], operations: ['CREATE', 'UPDATE'], resources }];
  return {
    admissionReviewVersions: ['v1'],
    clientConfig: service
      ? {
          caBundle: 'TGFi',
          service: { name: service.name, namespace: service.namespace, path: '/validate', port: 443 },
        }
      : { caBundle: 'TGFi', url: 'https://webhook.example.com/validate' },
    failurePolicy,
    matchPolicy: 'Equivalent',
    name: more.hook ?? `${name}.example.com`,
    namespaceSelector: more.namespaceSelector ?? {},
    objectSelector: more.objectSelector ?? {},
    rules: rules.map((rule) => ({ ...rule, apiVersions: ['v1'], scope: '*' })),
    sideEffects: 'None',
    timeoutSeconds: 10,
  };
}

function services({ cluster }: World): ApiObject[] {
  const own = [
    { namespace: 'default', name: 'kubernetes', selector: undefined },
    { namespace: 'kube-system', name: 'kube-dns', selector: { 'k8s-app': 'kube-dns' } },
    ...cluster.extras.webhooks.flatMap(({ service }) => (service ? [{ selector: undefined, ...service }] : [])),
  ];
  const unique = [...new Map(own.map((one) => [`${one.namespace}/${one.name}`, one])).values()];
  return unique.map(({ namespace, name, selector }) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata(cluster, name, namespace), uid: uuidOf(`service:${namespace}/${name}`) },
    spec: { type: 'ClusterIP', ports: [{ port: 443, protocol: 'TCP' }], ...(selector ? { selector } : {}) },
  }));
}
