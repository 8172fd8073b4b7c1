import type { Facts } from '../../src/facts/facts.ts';
import type { ManifestsFact } from '../../src/facts/manifests.ts';
import type { KubeadmAnswer, KubeadmCall } from '../../src/facts/target-kubeadm.ts';
import type { GuardCase } from './cases.ts';
import { stepOn } from './cluster.ts';
import { upgrade, withNode } from './healthy.ts';

const patched = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9', patches: '/etc/patches' });

function answered(answer: Partial<KubeadmAnswer>, manifests: ManifestsFact = {}, pin?: string): Facts {
  const facts = withNode('cp1', { manifests, targetKubeadm: { '1.32.9': { calls: [], ...answer } } });
  const kubeadmConfig = {
    kubernetesVersion: '1.31.9',
    extra: { 'kube-apiserver': { flags: [], volumes: [] } },
    ...(pin === undefined ? {} : { etcd: { imageTag: pin } }),
  };
  return { ...facts, cluster: { ...facts.cluster, kubeadmConfig } };
}

function failed(...said: readonly string[]): Facts {
  return called({ id: 'dry-run', command: 'kubeadm upgrade apply v1.32.9 --dry-run', ended: 'failed', said });
}

function called(call: KubeadmCall): Facts {
  return answered({ calls: [call] });
}

export const targetKubeadmCases: readonly GuardCase[] = [
  { title: 'was not asked', facts: answered({}), step: stepOn('cp2', 'kubeadm-upgrade-node'), finds: [] },
  {
    title: 'was asked of another release',
    facts: answered({}),
    step: stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.10' }),
    finds: [],
  },
  { title: 'says nothing', facts: answered({}), step: upgrade, finds: [] },
  {
    title: 'could not be unpacked',
    facts: answered({ unusable: 'No space left on device' }),
    step: upgrade,
    finds: [['warn', 'could not be asked on cp1 before it is installed: No space left on device']],
    node: 'cp1',
  },
  {
    title: 'refuses by a check of its own',
    facts: failed('[preflight] Some fatal errors occurred:', '[ERROR CoreDNSUnsupportedPlugins]: x'),
    step: upgrade,
    finds: [['refuse', 'failed on cp1: [preflight] Some fatal errors occurred:, [ERROR CoreDNSUnsupportedPlugins]: x']],
  },
  {
    title: 'refuses the version',
    facts: failed(
      '[upgrade/version] FATAL: the --version argument is invalid due to these fatal errors:',
      '- Specified version',
    ),
    step: upgrade,
    finds: [['refuse', '- Specified version']],
  },
  {
    title: 'cannot apply a patch',
    facts: failed('could not apply the following patch of type "application/json-patch+json" to target "etcd":'),
    step: upgrade,
    finds: [['refuse', 'could not apply the following patch']],
  },
  {
    title: 'fails in its dry run alone',
    facts: failed(
      'rename /etc/kubernetes/tmp/kubeadm-upgrade-dryrun1/config.yaml: no such file',
      'error backing up the kubelet config file',
    ),
    step: upgrade,
    finds: [['warn', 'error backing up the kubelet config file']],
  },
  {
    title: 'hangs',
    facts: called({ id: 'plan', command: 'kubeadm upgrade plan v1.32.9', ended: 'timed-out', said: [] }),
    step: upgrade,
    finds: [['warn', '`kubeadm upgrade plan v1.32.9` of kubeadm 1.32.9 did not come to an end on cp1']],
  },
  {
    title: 'fails at a question that is not the upgrade',
    facts: called({ id: 'diff', command: 'kubeadm upgrade diff v1.32.9', ended: 'failed', said: ['[ERROR X]: y'] }),
    step: upgrade,
    finds: [['warn', '[ERROR X]: y']],
  },
  {
    title: 'cannot convert a configuration',
    facts: answered({ toConvert: ['kubelet.config.k8s.io'] }),
    step: upgrade,
    finds: [['warn', 'cannot convert the configuration of kubelet.config.k8s.io']],
  },
  {
    title: 'brings an older etcd than the table says',
    facts: answered({ images: ['registry.k8s.io/etcd:3.5.12-0'] }),
    step: upgrade,
    finds: [['note', 'brings etcd 3.5.12, where the table of this program says 3.5.16']],
  },
  {
    title: 'brings an etcd of another minor than the table says',
    facts: answered({ images: ['registry.k8s.io/etcd:3.6.1-0'] }),
    step: upgrade,
    finds: [['note', 'brings etcd 3.6.1']],
  },
  {
    title: 'brings a newer patch of etcd',
    facts: answered({ images: ['registry.k8s.io/etcd:3.5.24-0'] }),
    step: upgrade,
    finds: [],
  },
  {
    title: 'leaves a pinned etcd alone',
    facts: answered({ images: ['registry.k8s.io/etcd:3.4.1-0'] }, {}, '3.4.1-0'),
    step: upgrade,
    finds: [],
  },
];

const flag = (name: string, value: string) => ({ name, value });
const server = (...flags: ReturnType<typeof flag>[]): ManifestsFact[string] => ({ flags, volumes: [], sidecars: [] });
const audit = flag('audit-policy-file', '/etc/audit.yaml');
const profiling = flag('profiling', 'false');
const dry = (written: ManifestsFact[string]) =>
  ({ manifests: { 'kube-apiserver': written }, manifestsBy: 'dry-run' }) as const;
const diffed = { manifests: {}, manifestsBy: 'diff' } as const;

export const answeredCases: readonly GuardCase[] = [
  {
    title: 'patches that keep what was done by hand',
    facts: answered(dry(server(audit, profiling)), { 'kube-apiserver': server(profiling, audit) }),
    step: patched,
    finds: [],
  },
  {
    title: 'patches that forgot what protects the cluster',
    facts: answered(dry(server(profiling)), { 'kube-apiserver': server(profiling, audit) }),
    step: patched,
    finds: [['refuse', 'the audit policy (--audit-policy-file=/etc/audit.yaml), as kubeadm 1.32.9 itself says']],
    node: 'cp1',
  },
  {
    title: 'patches that shorten a list of admission plugins',
    facts: answered(dry(server(flag('enable-admission-plugins', 'NodeRestriction'))), {
      'kube-apiserver': server(flag('enable-admission-plugins', 'NodeRestriction,AlwaysPullImages')),
    }),
    step: patched,
    finds: [['refuse', 'the admission plugin AlwaysPullImages']],
  },
  {
    title: 'what the release itself takes away or writes anew',
    facts: answered(
      dry({
        ...server(flag('feature-gates', 'InitialCorruptCheck=true')),
        fields: { 'livenessProbe.httpGet.port': 'probe-port', 'resources.requests.cpu': '250m' },
        image: 'registry.k8s.io/kube-apiserver:v1.32.9',
      }),
      {
        'kube-apiserver': {
          ...server(flag('insecure-port', '0'), flag('enable-bootstrap-token-auth', 'true')),
          fields: { 'livenessProbe.httpGet.port': '6443', 'resources.requests.cpu': '250m' },
          image: 'k8s.gcr.io/kube-apiserver:v1.31.9',
          volumes: ['ca-certs'],
        },
      },
    ),
    step: patched,
    finds: [],
  },
  {
    title: 'a volume, a container, a variable, a field, a registry',
    facts: answered(dry({ ...server(), image: 'registry.k8s.io/kube-apiserver:v1.32.9' }), {
      'kube-apiserver': {
        ...server(),
        volumes: ['audit'],
        sidecars: ['proxy'],
        env: [{ name: 'TOKEN' }],
        fields: { 'resources.limits.cpu': '2' },
        image: 'mirror.local/kube-apiserver:v1.31.9',
      },
    }),
    step: patched,
    finds: [
      [
        'warn',
        'would not write again: the volume audit, the container proxy, the variable TOKEN, resources.limits.cpu: 2, the image mirror.local/kube-apiserver:v1.31.9 (then from registry.k8s.io), as kubeadm 1.32.9 itself says',
      ],
    ],
  },
  {
    title: 'a flag that a patch adds',
    facts: answered(dry(server(profiling)), { 'kube-apiserver': server() }),
    step: patched,
    finds: [['warn', 'what it does not have now: --profiling']],
  },
  {
    title: 'by the tables a flag is lost, which kubeadm writes',
    facts: answered(dry(server(flag('new-default', '1'))), { 'kube-apiserver': server(flag('new-default', '1')) }),
    step: upgrade,
    finds: [['note', 'by the tables of this program kubeadm would change what it does not: --new-default=1']],
  },
  {
    title: 'a diff that leaves a manifest out changes nothing of it',
    facts: answered(diffed, { 'kube-apiserver': server(profiling) }),
    step: upgrade,
    finds: [['note', 'what it does not: --profiling=false']],
  },
  {
    title: 'a diff says nothing of patches',
    facts: answered(diffed, { 'kube-apiserver': server(audit) }),
    step: patched,
    finds: [],
  },
];
