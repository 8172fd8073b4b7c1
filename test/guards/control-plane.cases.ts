import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { GuardCase } from './cases.ts';
import { stepOn } from './cluster.ts';
import { drain, healthy, upgrade, withNode } from './healthy.ts';

const now = Date.UTC(2026, 10, 21) / 1000;
const inDays = (days: number) => now + days * 86_400 + 60;
function certificate(name: string, path: string, days: number): Facts {
  return withNode(name, { certificates: { now, files: [{ path, notAfter: inDays(days) }] } });
}
const pki = '/etc/kubernetes/pki';

const ALL_KEYS = [`${pki}/ca.key`, `${pki}/front-proxy-ca.key`, `${pki}/etcd/ca.key`];
/** A certificate of cp1 beside one of the API server that lasts, where only these keys of authorities are. */
function signed(path: string, days: number, keys: readonly string[]): Facts {
  const files = [
    { path: `${pki}/apiserver.crt`, notAfter: inDays(300) },
    { path, notAfter: inDays(days) },
  ];
  return withNode('cp1', { certificates: { now, keys, files } });
}
const renewal = (within?: number) => stepOn('cp1', 'renew-certificates', within === undefined ? {} : { within });

export const certificateAuthorityCases: readonly GuardCase[] = [
  { title: 'every key is there', facts: signed('/etc/kubernetes/admin.conf', 4, ALL_KEYS), step: renewal(), finds: [] },
  {
    title: 'no key is there',
    facts: signed('/etc/kubernetes/admin.conf', 4, []),
    step: renewal(),
    finds: [['refuse', `cp1 cannot renew pki/apiserver.crt, admin.conf: ${pki}/ca.key is not there (external CA)`]],
    node: 'cp1',
  },
  {
    title: 'only what is due counts',
    facts: signed(`${pki}/front-proxy-client.crt`, 200, [`${pki}/ca.key`]),
    step: renewal(90),
    finds: [],
  },
  {
    title: "one authority's key is not there",
    facts: signed(`${pki}/front-proxy-client.crt`, 20, [`${pki}/ca.key`]),
    step: renewal(90),
    finds: [['refuse', `cannot renew pki/front-proxy-client.crt: ${pki}/front-proxy-ca.key is not there`]],
  },
  { title: 'another step', facts: signed('/etc/kubernetes/admin.conf', 4, []), step: upgrade, finds: [] },
];

export const certificateCases: readonly GuardCase[] = [
  { title: 'were not read', facts: healthy, finds: [] },
  { title: 'a year left', facts: certificate('cp1', `${pki}/apiserver.crt`, 364), finds: [] },
  {
    title: '29 days left',
    facts: certificate('cp1', `${pki}/apiserver.crt`, 29),
    finds: [['note', 'apiserver.crt of cp1 ends in 29 days']],
  },
  { title: '31 days left', facts: certificate('cp1', `${pki}/apiserver.crt`, 31), finds: [] },
  {
    title: 'without a clock nothing is said',
    facts: withNode('cp1', { certificates: { files: [{ path: `${pki}/apiserver.crt`, notAfter: 1 }] } }),
    finds: [],
  },
  {
    title: 'ended',
    facts: certificate('cp1', `${pki}/apiserver-kubelet-client.crt`, -2),
    finds: [['refuse', `the certificate ${pki}/apiserver-kubelet-client.crt of cp1 ended on 2026-11-19`]],
    node: 'cp1',
  },
  {
    title: 'a leaf that the upgrade renews: a note',
    facts: certificate('cp1', '/etc/kubernetes/scheduler.conf', 10),
    finds: [['note', 'scheduler.conf of cp1 ends in 10 days, on 2026-12-01']],
  },
  {
    title: "the API server's client certificate for kubelets, a leaf as well",
    facts: certificate('cp1', `${pki}/apiserver-kubelet-client.crt`, 10),
    finds: [['note', 'apiserver-kubelet-client.crt of cp1 ends in 10 days']],
  },
  {
    title: 'a leaf whose authority is elsewhere: no upgrade renews it',
    facts: signed('/etc/kubernetes/scheduler.conf', 4, []),
    step: upgrade,
    finds: [['warn', 'scheduler.conf of cp1 ends in 4 days']],
  },
  {
    title: 'a leaf whose own authority is here, another is not',
    facts: signed('/etc/kubernetes/scheduler.conf', 4, [`${pki}/ca.key`]),
    finds: [['note', 'scheduler.conf of cp1 ends in 4 days']],
  },
  {
    title: 'keys in a folder that is not looked at',
    facts: withNode('cp1', {
      certificates: { now, keys: [], files: [{ path: '/etc/kubernetes/scheduler.conf', notAfter: inDays(4) }] },
    }),
    finds: [['note', 'scheduler.conf of cp1 ends in 4 days']],
  },
  {
    title: 'a leaf that the step keeps from being renewed',
    facts: certificate('cp1', `${pki}/etcd/peer.crt`, 10),
    step: stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9', certificateRenewal: false }),
    finds: [['warn', 'etcd/peer.crt of cp1 ends in 10 days']],
  },
  {
    title: "a step asks for its own node's only",
    facts: certificate('cp2', `${pki}/apiserver.crt`, -2),
    step: upgrade,
    finds: [],
  },
  {
    title: "a kubelet's own that it should have renewed",
    facts: certificate('w1', '/var/lib/kubelet/pki/kubelet-client-current.pem', 12),
    finds: [['warn', 'kubelet-client-current.pem of w1 ends in 12 days']],
  },
  {
    title: "a kubelet's own that ended",
    facts: certificate('w1', '/var/lib/kubelet/pki/kubelet-client-current.pem', -1),
    finds: [['refuse', 'of w1 ended']],
    node: 'w1',
  },
  {
    title: 'an authority with two years left',
    facts: certificate('cp1', `${pki}/ca.crt`, 730),
    finds: [],
  },
  {
    title: 'an authority with less than a year left',
    facts: certificate('cp1', `${pki}/front-proxy-ca.crt`, 300),
    finds: [['note', 'front-proxy-ca.crt of cp1 ends in 300 days']],
  },
  {
    title: 'an authority with days left: no upgrade renews it',
    facts: certificate('cp1', `${pki}/etcd/ca.crt`, 20),
    finds: [['warn', 'etcd/ca.crt of cp1 ends in 20 days']],
  },
];

const conf = (adminConf: NonNullable<NodeFacts['adminConf']>, name = 'cp1') => withNode(name, { adminConf });
export const adminConfCases: readonly GuardCase[] = [
  { title: 'was not read', facts: healthy, finds: [] },
  { title: 'may do everything', facts: conf({ present: true, admin: true }), finds: [] },
  { title: 'is missing on a worker', facts: conf({ present: false }, 'w1'), finds: [] },
  { title: 'nobody could be asked', facts: conf({ present: true }), finds: [] },
  {
    title: 'is missing on a control plane',
    facts: conf({ present: false }),
    finds: [['refuse', '/etc/kubernetes/admin.conf of cp1 is missing']],
    node: 'cp1',
  },
  {
    title: 'may not do everything',
    facts: conf({ present: true, admin: false }),
    finds: [['refuse', 'of cp1 may not do everything in the cluster']],
  },
  {
    title: 'is forbidden',
    facts: conf({
      present: true,
      admin: false,
      error: 'Error from server (Forbidden): User "kubernetes-admin" cannot',
    }),
    finds: [['refuse', 'may not do everything in the cluster: Error from server (Forbidden)']],
  },
  {
    title: 'does not reach the cluster',
    facts: conf({ present: true, error: 'dial tcp 10.0.0.9:6443: connect: connection refused' }, 'cp2'),
    finds: [['refuse', 'of cp2 does not reach the cluster: dial tcp 10.0.0.9:6443']],
    node: 'cp2',
  },
  { title: 'is asked of the own node before a step', facts: conf({ present: false }, 'cp2'), step: upgrade, finds: [] },
];

const api = (removedRelease: string, version = 'v1beta3') => ({
  group: 'flowcontrol.apiserver.k8s.io',
  version,
  resource: 'flowschemas',
  removedRelease,
});
export const deprecatedCases: readonly GuardCase[] = [
  { title: 'nobody asked', facts: withNode('cp1', { deprecatedApis: [] }), step: upgrade, finds: [] },
  {
    title: 'the target takes it away',
    facts: withNode('cp1', { deprecatedApis: [api('1.32')] }),
    step: upgrade,
    finds: [
      [
        'warn',
        'flowcontrol.apiserver.k8s.io/v1beta3 flowschemas, which 1.32 takes away (seen by the API server of cp1)',
      ],
    ],
  },
  {
    title: 'a later release takes it away',
    facts: withNode('cp1', { deprecatedApis: [api('1.35')] }),
    step: upgrade,
    finds: [],
  },
  {
    title: 'it is gone already, somebody still asks',
    facts: withNode('cp1', { deprecatedApis: [api('1.29', 'v1beta2')] }),
    step: upgrade,
    finds: [['warn', 'v1beta2 flowschemas, which 1.29 takes away']],
  },
  {
    title: 'several API servers saw it: one finding',
    facts: {
      ...healthy,
      nodes: {
        ...healthy.nodes,
        cp1: { ...healthy.nodes['cp1'], deprecatedApis: [api('1.32')] },
        cp2: { ...healthy.nodes['cp2'], deprecatedApis: [api('1.32')] },
      },
    },
    finds: [['warn', 'seen by the API server of cp1, cp2']],
  },
  {
    title: 'without a step the next minor counts',
    facts: withNode('cp1', { deprecatedApis: [api('1.33')] }),
    finds: [],
  },
  {
    title: 'a worker asks for nothing',
    facts: withNode('cp1', { deprecatedApis: [api('1.32')] }),
    step: drain,
    finds: [],
  },
  {
    title: 'a step that names no release',
    facts: withNode('cp1', { deprecatedApis: [api('1.32')] }),
    step: stepOn('cp2', 'kubeadm-upgrade-node'),
    finds: [],
  },
];
