import type { ConfigFile } from '../../src/facts/config-files.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { type GuardCase, testCases } from './cases.ts';
import { sketch, stepOn } from './cluster.ts';

type Flags = readonly { readonly name: string; readonly value: string }[];

interface Given {
  /** Of the API server, in kubeadm-config and in the manifest. */
  readonly configured?: Flags;
  readonly own?: Flags;
}

function withFile(file: Partial<ConfigFile>, version: string, { configured = [], own = [] }: Given = {}): Facts {
  const facts = sketch({ apiServers: { cp1: version }, kubelets: { cp1: version, w1: version } });
  const whole = {
    component: 'kube-apiserver',
    flag: 'encryption-provider-config',
    file: '/etc/x.yaml',
    kinds: [],
    ...file,
  };
  const manifests = { 'kube-apiserver': { flags: own, volumes: [], sidecars: [] } };
  const flags = [{ name: whole.flag, value: whole.file }, ...configured];
  return {
    nodes: { ...facts.nodes, cp1: { ...facts.nodes['cp1'], manifests, configFiles: [whole] } },
    cluster: {
      ...facts.cluster,
      kubeadmConfig: { kubernetesVersion: version, extra: { [whole.component]: { flags, volumes: [] } } },
    },
  };
}

const apply = (version: string, more: object = {}) => stepOn('cp1', 'kubeadm-upgrade-apply', { version, ...more });
const audit = (version: string) => ({ flag: 'audit-policy-file', kinds: [`audit.k8s.io/${version} Policy`] });
const scheduler = (version: string) => ({
  component: 'kube-scheduler',
  flag: 'config',
  kinds: [`kubescheduler.config.k8s.io/${version} KubeSchedulerConfiguration`],
});
const gate: Flags = [{ name: 'feature-gates', value: 'A=true,KMSv1=true' }];
const off: Flags = [{ name: 'feature-gates', value: 'KMSv1=false,XKMSv1=true' }];
const unconfigured = (facts: Facts): Facts => ({
  ...facts,
  cluster: { ...facts.cluster, kubeadmConfig: { kubernetesVersion: '1.28.15' } },
});

const cases: readonly GuardCase[] = [
  {
    title: 'an audit policy before v1',
    facts: withFile(audit('v1beta1'), '1.23.0'),
    step: apply('1.24.0'),
    finds: [['refuse', 'kube-apiserver does not start with /etc/x.yaml (--audit-policy-file) from 1.24 on']],
    node: 'cp1',
  },
  { title: 'of v1', facts: withFile(audit('v1'), '1.23.0'), step: apply('1.24.0'), finds: [] },
  ...(['v1beta1 23', 'v1beta2 28', 'v1beta3 29'] as const).flatMap((row): GuardCase[] => {
    const [version = '', since = ''] = row.split(' ');
    const before = Number(since) - 1;
    const facts = withFile(scheduler(version), `1.${before}.0`);
    return [
      {
        title: `a scheduler's ${version} goes with 1.${since}`,
        facts,
        step: apply(`1.${since}.1`),
        finds: [['refuse', `from 1.${since} on: kubescheduler.config.k8s.io/${version} is gone`]],
      },
      { title: `a scheduler's ${version} is there in 1.${before}`, facts, step: apply(`1.${before}.1`), finds: [] },
    ];
  }),
  { title: "a scheduler's v1 stays", facts: withFile(scheduler('v1'), '1.36.4'), step: apply('1.37.1'), finds: [] },
  {
    title: 'another kind of a version of which one is gone',
    facts: withFile({ kinds: ['apiserver.config.k8s.io/v1alpha1 AuthorizationConfiguration'] }, '1.36.4'),
    step: apply('1.37.1'),
    finds: [],
  },
  {
    title: 'KMS v1 from 1.29 on',
    facts: withFile({ kms: ['v2', 'v1'] }, '1.28.15'),
    step: apply('1.29.15'),
    finds: [['refuse', 'its KMS provider is of version v1']],
  },
  { title: 'KMS v2', facts: withFile({ kms: ['v2'] }, '1.28.15'), step: apply('1.29.15'), finds: [] },
  {
    title: 'KMS v1 with its gate',
    facts: withFile({ kms: ['v1'] }, '1.28.15', { configured: gate }),
    step: apply('1.29.15'),
    finds: [],
  },
  {
    title: 'KMS v1 with its gate off, and another one on',
    facts: withFile({ kms: ['v1'] }, '1.28.15', { configured: off }),
    step: apply('1.29.15'),
    finds: [['refuse', 'KMS']],
  },
  {
    title: 'KMS v1 with a gate in the manifest alone, which goes',
    facts: withFile({ kms: ['v1'] }, '1.28.15', { own: gate }),
    step: apply('1.29.15'),
    finds: [['refuse', 'KMS']],
  },
  {
    title: 'KMS v1 with a gate in the manifest, which patches put back',
    facts: withFile({ kms: ['v1'] }, '1.28.15', { own: gate }),
    step: apply('1.29.15', { patches: '/etc/patches' }),
    finds: [],
  },
  {
    title: 'a flag that is in the manifest alone',
    facts: unconfigured(withFile(audit('v1beta1'), '1.23.0')),
    step: apply('1.24.0'),
    finds: [['warn', 'is gone']],
  },
  {
    title: 'a flag that is in the manifest alone, which patches put back',
    facts: unconfigured(withFile(audit('v1beta1'), '1.23.0')),
    step: apply('1.24.0', { patches: '/etc/patches' }),
    finds: [['refuse', 'is gone']],
  },
  {
    title: 'a further control plane',
    facts: withFile(audit('v1beta1'), '1.23.0'),
    step: stepOn('cp1', 'kubeadm-upgrade-node', { version: '1.24.0' }),
    finds: [['refuse', 'is gone']],
  },
  {
    title: 'a step that writes no manifest',
    facts: withFile(audit('v1beta1'), '1.23.0'),
    step: stepOn('cp1', 'drain', {}),
    finds: [],
  },
  {
    title: 'a file that was not found',
    facts: withFile({ missing: true }, '1.28.15'),
    step: apply('1.29.15'),
    finds: [['note', '/etc/x.yaml, which --encryption-provider-config of kube-apiserver names, was not found']],
  },
  {
    title: 'without a step, the next minor',
    facts: withFile(audit('v1beta1'), '1.23.0'),
    finds: [['warn', 'from 1.24 on']],
  },
  {
    title: 'without a step, a later one',
    facts: withFile(scheduler('v1beta3'), '1.27.0'),
    finds: [['note', 'from 1.29 on']],
  },
];

testCases('config-files', cases);
