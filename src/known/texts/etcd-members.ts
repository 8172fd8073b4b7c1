import type { KnownText } from '../text.ts';

const ERRORS = 'etcd-io/etcd: api/v3rpc/rpctypes/error.go';

/** What etcd says of its members. */
export const etcdMembers: readonly KnownText[] = [
  {
    id: 'etcd-few-started',
    patterns: [/re-configuration failed due to not enough started members/],
    meaning: 'etcd refuses to change its members while one has not started',
    cause: 'A member that was added before never came up.',
    remedy: '`etcdctl member list`: start the one that is `unstarted`, or `etcdctl member remove ID`; then repeat.',
    source: ERRORS,
    examples: ['Error: etcdserver: re-configuration failed due to not enough started members'],
  },
  {
    id: 'etcd-learner-not-ready',
    patterns: [/can only promote a learner member which is in sync with leader/],
    meaning: 'A new etcd member is still copying the data',
    cause: 'A learner is promoted once it has nearly all of it; a large database or a slow disk takes minutes.',
    remedy:
      '`etcdctl endpoint status --cluster` shows the raft index. Wait, then `etcdctl member promote ID`, or remove the member and join again.',
    source: 'https://github.com/kubernetes/kubeadm/issues/3287',
    examples: [
      '{"level":"warn","ts":"2026-02-15T22:07:35.784150Z","logger":"etcd-client","caller":"v3@v3.6.4/retry_interceptor.go:65","msg":"retrying of unary invoker failed","method":"/etcdserverpb.Cluster/MemberPromote","attempt":0,"error":"rpc error: code = FailedPrecondition desc = etcdserver: can only promote a learner member which is in sync with leader"}',
    ],
  },
  {
    id: 'etcd-too-many-learners',
    patterns: [/etcdserver: too many learner members in cluster/],
    meaning: 'etcd already has a learner',
    cause: 'A join that failed left a learner; only one is allowed.',
    remedy:
      '`etcdctl member list -w table` (IS LEARNER true): promote it, or `etcdctl member remove ID`; then join again.',
    source: ERRORS,
    examples: ['Error: etcdserver: too many learner members in cluster'],
  },
  {
    id: 'etcd-learner-rpc',
    patterns: [/etcdserver: rpc not supported for learner/],
    meaning: 'A learner of etcd was asked, which answers no such request',
    cause: 'A member was left as learner by an interrupted join.',
    remedy: '`etcdctl member list -w table`; promote it (`member promote ID`), or ask another endpoint.',
    source: ERRORS,
    examples: ['Error: etcdserver: rpc not supported for learner'],
  },
  {
    id: 'etcd-peer-exists',
    patterns: [/etcdserver: Peer URLs already exists/, /etcdserver: member ID already exist/],
    meaning: 'A member with this peer URL is in etcd already',
    cause: 'The control plane was there before, and its member was not removed.',
    remedy: '`etcdctl member list`, `etcdctl member remove ID` of the old entry, then join again.',
    source: ERRORS,
    examples: ['Error: etcdserver: Peer URLs already exists'],
  },
  {
    id: 'etcd-member-removed',
    patterns: [/the member has been permanently removed from the cluster/],
    meaning: 'This etcd member was removed from the cluster and cannot start again',
    cause: '`etcdctl member remove` or `kubeadm reset` took it out, and its data folder is still here.',
    remedy:
      'Join this control plane again: `kubeadm reset` here (it deletes /var/lib/etcd), then `kubeadm join --control-plane`.',
    source: 'etcd-io/etcd: server/etcdserver/api/rafthttp/util.go',
    examples: [
      '{"level":"error","ts":"2026-03-02T10:11:12.123Z","caller":"etcdserver/server.go:1129","msg":"server error","error":"the member has been permanently removed from the cluster"}',
    ],
  },
  {
    id: 'etcd-member-count',
    patterns: [
      /member count is unequal/,
      /error validating peerURLs .*: (unmatched member while checking PeerURLs|member count is unequal)/,
    ],
    meaning: 'The peers that this etcd is started with are not those of the cluster',
    cause: '`--initial-cluster` lists other members than the cluster has.',
    remedy:
      'Compare `etcdctl member list` with --initial-cluster in etcd.yaml; name exactly the members there are, and `--initial-cluster-state existing`.',
    source: 'etcd-io/etcd: server/etcdserver/api/membership/cluster.go',
    examples: [
      '{"level":"fatal","msg":"discovery failed","error":"error validating peerURLs {ClusterID:9c4f8a4b1b2c Members:[] RemovedMemberIDs:[]}: member count is unequal"}',
    ],
  },
  {
    id: 'etcd-cluster-id',
    patterns: [/request cluster ID mismatch/, /etcdserver: cluster ID mismatch/],
    meaning: 'Two etcd clusters talk to each other',
    cause:
      'A member was started with the data of another cluster: a restore on one member only, or an old data folder.',
    remedy:
      'Stop the odd member. After a restore every member needs the same snapshot and the same `--initial-cluster-token`: docs/backup.md.',
    source: 'etcd-io/etcd: server/etcdserver/api/rafthttp/http.go',
    examples: [
      '{"level":"warn","caller":"rafthttp/http.go:413","msg":"request cluster ID mismatch","local-member-id":"8e9e05c52164694d"}',
    ],
  },
  {
    id: 'etcd-clock-drift',
    patterns: [/prober found high clock drift/, /the clock difference against peer \S+ is too high/],
    meaning: 'The clocks of two control planes differ by more than a second',
    cause: 'Time synchronisation is off or cannot connect to its servers.',
    remedy: '`timedatectl`, `chronyc tracking` on each control plane; `chronyc makestep`, then `runbook resume`.',
    source: 'etcd-io/etcd: server/etcdserver/api/rafthttp/probing_status.go',
    examples: [
      '{"level":"warn","caller":"rafthttp/probing_status.go:82","msg":"prober found high clock drift","remote-peer-id":"a8266ecf031671f3","clock-drift":"4.5s"}',
      'rafthttp: the clock difference against peer a8266ecf031671f3 is too high [4.5s > 1s]',
    ],
  },
  {
    id: 'etcd-member-not-found',
    patterns: [/etcdserver: member not found/],
    meaning: 'etcd has no member with this id',
    cause: 'It was removed before, or the id is of another cluster.',
    remedy: '`etcdctl member list -w table` shows the members; a member that is gone already needs nothing.',
    source: ERRORS,
    examples: ['Error: etcdserver: member not found'],
  },
];
