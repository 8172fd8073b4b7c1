import { describe, expect, it } from 'vitest';
import { bindStep } from '../../src/actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../../src/actions/kubeadm-upgrade-apply.ts';
import { parseAdminConf } from '../../src/facts/admin-conf.ts';
import { parseCertificates } from '../../src/facts/certificates.ts';
import { parseCoreDns } from '../../src/facts/core-dns.ts';
import { parseDeprecatedApis } from '../../src/facts/deprecated-apis.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { parseEtcd } from '../../src/facts/lib/etcd-answers.ts';
import { parseKubeadmConfig } from '../../src/facts/kubeadm-config.ts';
import { parseManifests } from '../../src/facts/manifests.ts';
import { parseNodes } from '../../src/facts/nodes.ts';
import { parsePods } from '../../src/facts/pods.ts';
import { parseWebhooks } from '../../src/facts/webhooks.ts';
import { checkRun, checkStep } from '../../src/guards/registry.ts';
import { fixture, podLines } from './fixture.ts';

const pem = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUGug4u/n+7Gd/tfMZDBuRoTXQPXcwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZml4dHVyZTAeFw0yNjExMjEwNjQwMzBaFw0yNzExMjEwNjQw
MzBaMBIxEDAOBgNVBAMMB2ZpeHR1cmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATvgeAzfQBS+6hWdbY+Va2clADLVatUtsIL7Am46X0QhSnczdr1AiOtukQNVmah
lpBhnEBVQl0I+bIjByLQHjNKo1MwUTAdBgNVHQ4EFgQU4T903J6n/mvGL+4Q0t1e
rCMPW0AwHwYDVR0jBBgwFoAU4T903J6n/mvGL+4Q0t1erCMPW0AwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAtlutOWrvjpgStzuJlANAk3BPz5+W
Dzdayhn5N8aEB5gCICWWpfB/GhKFB7NmUZ7A7g1mqSGuejPQFzrjjWx84HCd
-----END CERTIFICATE-----`;
const end = Date.UTC(2027, 10, 21, 6, 40, 30) / 1000;

describe('certificates', () => {
  it("read openssl's ends, and certificates themselves where there is no openssl", () => {
    const text = `now: 1795243230\nfile: /etc/kubernetes/pki/ca.crt\nnotAfter=Nov 21 06:40:30 2027 GMT\nfile: /etc/kubernetes/admin.conf\n${pem}\nfile: /etc/kubernetes/pki/etcd/peer.crt\nnotAfter=Jan  1 00:00:00 2027 GMT\n`;
    expect(parseCertificates(text)).toEqual({
      now: 1795243230,
      files: [
        { path: '/etc/kubernetes/pki/ca.crt', notAfter: end },
        { path: '/etc/kubernetes/admin.conf', notAfter: end },
        { path: '/etc/kubernetes/pki/etcd/peer.crt', notAfter: Date.UTC(2027, 0, 1) / 1000 },
      ],
    });
  });

  it('leave out what cannot be read', () => {
    expect(parseCertificates('now: \nfile: /etc/kubernetes/pki/ca.crt\nunable to load certificate\n')).toEqual({
      files: [],
    });
    expect(parseCertificates('now: 5\n')).toEqual({ now: 5, files: [] });
  });
});

describe('admin.conf', () => {
  it.each([
    ['missing\n', { present: false }],
    ['unknown\n', { present: true }],
    ['answer: yes\n', { present: true, admin: true }],
    ["answer: Warning: the server doesn't have a resource type '*'\nyes\n", { present: true, admin: true }],
    ['answer: no\n', { present: true, admin: false }],
    ['answer: no - RBAC: not bound\n', { present: true, admin: false, error: 'no - RBAC: not bound' }],
    [
      'answer: Error from server (Forbidden): selfsubjectaccessreviews.authorization.k8s.io is forbidden\n',
      {
        present: true,
        admin: false,
        error: 'Error from server (Forbidden): selfsubjectaccessreviews.authorization.k8s.io is forbidden',
      },
    ],
    [
      'answer: Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout\n',
      { present: true, error: 'Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout' },
    ],
  ])('reads %j', (output, expected) => {
    expect(parseAdminConf(output)).toEqual(expected);
  });
});

describe('deprecated APIs', () => {
  it('reads the metrics of a real API server', () => {
    expect(parseDeprecatedApis(fixture('metrics-deprecated.txt'))).toEqual([
      { group: 'extensions', version: 'v1beta1', resource: 'ingresses', removedRelease: '1.22' },
    ]);
  });

  it('leaves out what no release takes away, and what nobody asked for', () => {
    const line = (labels: string, count: number) => `apiserver_requested_deprecated_apis{${labels}} ${count}\n`;
    expect(
      parseDeprecatedApis(
        line('group="",removed_release="",resource="componentstatuses",subresource="",version="v1"', 1) +
          line('group="batch",removed_release="1.25",resource="cronjobs",subresource="status",version="v1beta1"', 0),
      ),
    ).toEqual([]);
  });
});

describe('manifests', () => {
  const text = fixture('manifests.txt');
  const manifest = text.slice(text.indexOf('apiVersion: v1'));

  it('read the flags and volumes of a real API server', () => {
    const components = parseManifests(manifest);
    expect(Object.keys(components)).toEqual(['kube-apiserver']);
    expect(components['kube-apiserver']?.flags).toContainEqual({ name: 'authorization-mode', value: 'Node,RBAC' });
    expect(components['kube-apiserver']?.flags).toHaveLength(28);
    expect(components['kube-apiserver']?.volumes).toContain('k8s-certs');
    expect(components['kube-apiserver']?.sidecars).toEqual([]);
  });

  it('hold nothing against a real cluster, nor do its etcd, controllers and proxies', () => {
    const [members = '', health = '', status = ''] = fixture('etcd.txt').split('\n');
    const nodeObjects = parseNodes(fixture('nodes.json'));
    const facts: Facts = {
      nodes: { cp1: { manifests: parseManifests(manifest) } },
      cluster: {
        nodes: nodeObjects,
        pods: parsePods(podLines()),
        apiServers: ['cp1', 'cp2', 'cp3'].map((node) => ({ node, endpoint: node, version: '1.20.2', ready: true })),
        kubeProxy: { version: '1.20.2', desired: 5, updated: 5, available: 5 },
        kubeadmConfig: parseKubeadmConfig(fixture('kubeadm-config.txt')),
        etcd: parseEtcd(`--- members\n${members}\n--- health\n${health}\n--- status\n${status}\n`),
      },
    };
    const nodes = [{ name: 'cp1', host: '10.88.0.11', role: 'control-plane' as const }];
    const ids = [
      'static-pods-edited',
      'emulation',
      'etcd-health',
      'skew-kube-proxy-pods',
      'skew-controllers',
      'skew-kubelet-behind',
      'deprecated-apis',
    ];
    expect(checkRun({ nodes, before: facts, after: facts }, ids)).toEqual([]);
    const object = nodeObjects.find((node) => node.name === 'cp1');
    const machine = { hostname: 'cp1', machineId: object?.machineId ?? '', bootId: '', addresses: [] };
    const before = { ...facts, nodes: { cp1: { ...facts.nodes['cp1'], machine } } };
    const node = nodes[0] ?? { name: '', host: '', role: 'other' };
    const step = bindStep('s', node, kubeadmUpgradeApply, { version: '1.21.0' });
    expect(checkStep({ nodes, before, after: before, step }, ids)).toEqual([]);
  });

  it('leave out what is no pod', () => {
    expect(parseManifests('---\nkind: List\n---\n\n---\na: [\n')).toEqual({});
  });
});

describe('kubeadm-config', () => {
  const configMap = (configuration: string) => JSON.stringify({ data: { ClusterConfiguration: configuration } });
  const flags = [
    { name: 'audit-log-path', value: '/var/log/audit' },
    { name: 'v', value: '4' },
  ];

  it('has extraArgs as a map, and since v1beta4 as a list', () => {
    const map =
      'kubernetesVersion: v1.30.1\napiServer:\n  extraArgs:\n    audit-log-path: /var/log/audit\n    v: 4\n  extraVolumes:\n  - name: audit\n    hostPath: /var/log\n';
    const list =
      'kubernetesVersion: v1.32.1\napiServer:\n  extraArgs:\n  - name: audit-log-path\n    value: /var/log/audit\n  - name: v\n    value: "4"\netcd:\n  local:\n    dataDir: /var/lib/etcd\n    extraArgs:\n    - name: quota-backend-bytes\n      value: "8589934592"\n';
    expect(parseKubeadmConfig(configMap(map)).extra?.['kube-apiserver']).toEqual({ flags, volumes: ['audit'] });
    const { extra } = parseKubeadmConfig(configMap(list));
    expect(extra?.['kube-apiserver']).toEqual({ flags, volumes: [] });
    expect(extra?.['etcd']?.flags).toEqual([{ name: 'quota-backend-bytes', value: '8589934592' }]);
    expect(extra?.['kube-scheduler']).toEqual({ flags: [], volumes: [] });
  });

  it('is read although a part of it is not understood', () => {
    const { kubernetesVersion, extra } = parseKubeadmConfig(
      configMap('kubernetesVersion: v1.40.0\napiServer: [new]\netcd: 5\n'),
    );
    expect(kubernetesVersion).toBe('1.40.0');
    expect(extra?.['kube-apiserver']).toEqual({ flags: [], volumes: [] });
  });
});

describe('CoreDNS', () => {
  const deployment = {
    kind: 'Deployment',
    spec: {
      template: {
        spec: {
          containers: [
            {
              image: 'registry.k8s.io/coredns/coredns:v1.11.3',
              resources: { limits: { memory: '170Mi' }, requests: { cpu: 1 } },
            },
          ],
        },
      },
    },
  };

  it('is read from both objects, from one, and from none', () => {
    const configMap = { kind: 'ConfigMap', data: { Corefile: '.:53 {\n}\n' } };
    const both = parseCoreDns(JSON.stringify({ kind: 'List', items: [configMap, deployment] }));
    expect(both).toEqual({
      corefile: '.:53 {\n}\n',
      image: 'registry.k8s.io/coredns/coredns:v1.11.3',
      resources: { limits: { memory: '170Mi' }, requests: { cpu: '1' } },
    });
    expect(parseCoreDns(JSON.stringify(configMap))).toEqual({ corefile: '.:53 {\n}\n' });
    expect(parseCoreDns('\n')).toEqual({});
  });
});

describe('webhooks', () => {
  const list = (webhooks: unknown[], apiVersion = 'admissionregistration.k8s.io/v1') =>
    JSON.stringify({
      items: [{ kind: 'MutatingWebhookConfiguration', apiVersion, metadata: { name: 'inject' }, webhooks }],
    });
  const hook = {
    name: 'inject.example.com',
    failurePolicy: 'Fail',
    clientConfig: { service: { namespace: 'mesh', name: 'injector', path: '/', port: 443 } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }],
  };
  const known = {
    kind: 'MutatingWebhookConfiguration',
    configuration: 'inject',
    name: 'inject.example.com',
    fails: true,
    service: { namespace: 'mesh', name: 'injector' },
    rules: [{ groups: [''], resources: ['pods'], operations: ['CREATE'] }],
  };

  it('have the selector of the Service behind them, as new and old kubectl print it', () => {
    const selector = { app: 'injector', 'app.kubernetes.io/name': 'mesh' };
    for (const text of [
      '{"app":"injector","app.kubernetes.io/name":"mesh"}',
      'map[app:injector app.kubernetes.io/name:mesh]',
    ]) {
      const output = `${list([hook])}\n--- services\ndefault/kubernetes \nmesh/injector ${text}\n`;
      expect(parseWebhooks(output)).toEqual([{ ...known, selector }]);
    }
  });

  it('are asked outside, or through a Service that selects nothing', () => {
    const outside = { ...hook, clientConfig: { url: 'https://example.com' } };
    const { service: _, ...rest } = known;
    expect(parseWebhooks(list([outside]))).toEqual([rest]);
    expect(parseWebhooks(`${list([hook])}\n--- services\nmesh/injector \n`)).toEqual([known]);
  });

  it('fail where nothing is said since v1, and not before', () => {
    const { failurePolicy: _, ...silent } = hook;
    expect(parseWebhooks(list([silent]))[0]?.fails).toBe(true);
    expect(parseWebhooks(list([silent], 'admissionregistration.k8s.io/v1beta1'))[0]?.fails).toBe(false);
    expect(parseWebhooks(list([{ ...hook, failurePolicy: 'Ignore' }]))[0]?.fails).toBe(false);
    expect(parseWebhooks('{"items": []}\n')).toEqual([]);
  });
});
