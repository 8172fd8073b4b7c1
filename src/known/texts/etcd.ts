import type { KnownText } from '../text.ts';

const ERRORS = 'etcd-io/etcd: api/v3rpc/rpctypes/error.go';

export const etcd: readonly KnownText[] = [
  {
    id: 'etcd-no-space',
    patterns: [/mvcc: database space exceeded/, /\balarm:\s?NOSPACE\b/],
    meaning: "etcd's database is full; the cluster takes no more writes",
    cause:
      'The database reached `--quota-backend-bytes` (2 GiB unless set): history that was not compacted, or fragmentation.',
    remedy:
      '`etcdctl endpoint status -w json` for the revision, `etcdctl compact REV`, `etcdctl defrag --cluster`, `etcdctl alarm disarm`; then `runbook resume`.',
    source: 'https://etcd.io/docs/v3.5/op-guide/maintenance/',
    examples: [
      'Error from server: etcdserver: mvcc: database space exceeded',
      'memberID:13803658152347727308 alarm:NOSPACE',
      '{"level":"warn","ts":"2026-03-02T10:11:12.123Z","caller":"v3rpc/interceptor.go:197","msg":"request stats","error":"etcdserver: mvcc: database space exceeded"}',
    ],
  },
  {
    id: 'etcd-corrupt',
    patterns: [/etcdserver: corrupt cluster/, /\balarm:\s?CORRUPT\b/, /found data inconsistency with peers/],
    meaning: 'The members of etcd hold different data',
    cause: 'A member lost writes: a crash of 3.5.0 to 3.5.2, a damaged disk, a member started with old data.',
    remedy:
      'Stop upgrading. Find the odd one by `etcdctl endpoint hashkv --cluster`, remove that member, clear its data folder, and add it again. Then `etcdctl alarm disarm`.',
    source: 'https://etcd.io/docs/v3.5/op-guide/data_corruption/',
    examples: ['Error: etcdserver: corrupt cluster', 'memberID:9372538179322589801 alarm:CORRUPT'],
  },
  {
    id: 'etcd-timeout',
    patterns: [/etcdserver: request timed out/],
    meaning: 'etcd did not commit a request in time',
    cause:
      'There is no leader (a member restarts, quorum is lost), or the disk or the network between members is slow.',
    remedy:
      '`etcdctl endpoint health --cluster` and `endpoint status --cluster`. Wait until there is a leader and all are healthy, look at disk latency (`etcd_disk_wal_fsync`), then `runbook resume`.',
    source: ERRORS,
    examples: [
      'Error from server: etcdserver: request timed out',
      'etcdserver: request timed out, possibly due to previous leader failure',
    ],
  },
  {
    id: 'etcd-leader-changed',
    patterns: [/etcdserver: leader changed/],
    meaning: 'etcd elected another leader during the request',
    cause: 'The leader was restarted, or did not send its heartbeats in time.',
    remedy: 'Repeat: `runbook resume`. If it keeps changing: disk latency and the network between the control planes.',
    source: ERRORS,
    examples: ['Error from server: etcdserver: leader changed'],
  },
  {
    id: 'etcd-no-leader',
    patterns: [/etcdserver: no leader/, /raft: no elected leader/],
    meaning: 'etcd has no leader: too few members are up',
    cause: 'Quorum is lost: of three members two must be up.',
    remedy:
      'Start the other members (`crictl ps -a | grep etcd` on each control plane). Where they are lost, restore from a snapshot: docs/backup.md.',
    source: ERRORS,
    examples: [
      '{"level":"warn","msg":"health check failed","error":"etcdserver: no leader"}',
      'Error: etcdserver: no leader',
    ],
  },
  {
    id: 'etcd-unhealthy',
    breadth: 'broad',
    patterns: [
      /is unhealthy: failed to (commit proposal|connect)/,
      /^Error: unhealthy cluster/,
      /etcdserver: unhealthy cluster/,
    ],
    meaning: 'An etcd member is unhealthy',
    cause: 'It is down, has lost quorum, or its certificates do not fit.',
    remedy:
      'The line names the endpoint. There: `crictl ps -a | grep etcd`, `crictl logs ID`. Repair or replace that member before the next control plane is upgraded.',
    source: 'etcd-io/etcd: etcdctl/ctlv3/command/printer_simple.go',
    examples: [
      'https://10.0.0.12:2379 is unhealthy: failed to commit proposal: context deadline exceeded',
      'Error: unhealthy cluster',
    ],
  },
  {
    id: 'etcd-snapshot-hash',
    patterns: [/expected sha256 \[?[\d a-f]+\]?, got/, /snapshot missing hash but --skip-hash-check=false/],
    meaning: 'The etcd snapshot is damaged or was not made by `snapshot save`',
    cause: 'It was cut off while it was copied, or is a copy of member/snap/db.',
    remedy: 'Take another snapshot, compare sha256 after the copy. `--skip-hash-check` only for a copied db file.',
    source: 'etcd-io/etcd: etcdutl/snapshot/v3_snapshot.go',
    examples: [
      'Error: expected sha256 [227 176 196 66 152 252 28 20], got [12 33 9 1 2 3 4 5]',
      'Error: snapshot missing hash but --skip-hash-check=false',
    ],
  },
  {
    id: 'etcd-data-dir',
    patterns: [/data-dir "[^"]*" (not empty or could not be read|exists)/],
    meaning: 'The folder to restore into is not empty',
    cause: 'etcdutl restores into a new folder only.',
    remedy: 'Move the old data folder aside (keep it), or name another `--data-dir`; then repeat.',
    source: 'etcd-io/etcd: etcdutl/snapshot/v3_snapshot.go',
    examples: ['Error: data-dir "/var/lib/etcd" not empty or could not be read'],
  },
  {
    id: 'etcd-wal-damaged',
    patterns: [
      /(wal|walpb|snap): crc mismatch/,
      /failed to (read|recover|repair) WAL/i,
      /wal: (max entry size limit exceeded|file not found|slice bounds)/,
    ],
    meaning: "This member's log on disk is damaged",
    cause: 'A power loss, a full disk or a failing disk.',
    remedy:
      'Do not repair it by hand. With quorum: remove this member, delete its data, add it again. A single member: restore the last snapshot (docs/backup.md).',
    source: 'https://github.com/etcd-io/etcd/issues/18647',
    examples: [
      'Sep 26 11:01:23 kubemaster etcd[1527863]: {"level":"fatal","ts":"2024-09-26T11:01:23.795-0400","caller":"etcdmain/etcd.go:204","msg":"discovery failed","error":"wal: max entry size limit exceeded, recBytes: 634, fileSize(62275584) - offset(62274968) - padBytes(6) = entryLimit(610)"}',
      'panic: walpb: crc mismatch',
    ],
  },
  {
    id: 'etcd-downgrade',
    patterns: [
      /invalid downgrade; server version is lower than determined cluster version/,
      /cannot downgrade storage/,
    ],
    meaning: "etcd is older than the cluster's version",
    cause: 'The image of etcd was set back after a newer one had run.',
    remedy: 'Start the newer image again. Back to an older minor only by a snapshot of that time: docs/backup.md.',
    source: 'etcd-io/etcd: server/etcdserver/version/downgrade.go',
    examples: [
      '{"level":"panic","msg":"invalid downgrade; server version is lower than determined cluster version","current-server-version":"3.5.24","determined-cluster-version":"3.6"}',
    ],
  },
  {
    id: 'etcd-flag-removed',
    patterns: [
      /error verifying flags, .*\. See 'etcd --help'/,
      /flag provided but not defined: -(experimental-\S+|enable-v2\S*|proxy\S*)/,
    ],
    meaning: 'etcd was given a flag that this version does not have',
    cause: '3.6 took away --enable-v2 and --proxy, 3.7 every --experimental-*.',
    remedy: 'Remove it from `etcd.local.extraArgs` in kubeadm-config and from etcd.yaml, then `runbook resume`.',
    source: 'https://github.com/etcd-io/etcd/issues/19959',
    examples: [
      'flag provided but not defined: -experimental-initial-corrupt-check',
      `{"level":"warn","caller":"etcdmain/etcd.go:75","msg":"failed to verify flags","error":"error verifying flags, flag provided but not defined: -enable-v2. See 'etcd --help'"}`,
    ],
  },
  {
    id: 'etcd-slow-disk',
    breadth: 'general',
    patterns: [
      /apply (request|entries) took too long/,
      /read-only range request .* took too long/,
      /slow fdatasync/,
      /leader failed to send out heartbeat on time/,
    ],
    meaning: 'etcd is slow: its disk or CPU does not keep up',
    cause: 'Another load on the same disk, a backup, or a disk that is too slow (etcd wants fsync below 10 ms).',
    remedy: 'Find the load (`iostat -x 1`, `iotop`), move etcd to a faster disk, defragment; then `runbook resume`.',
    source: 'etcd-io/etcd: server/etcdserver/txn/util.go',
    examples: [
      '{"level":"warn","caller":"txn/util.go:93","msg":"apply request took too long","took":"1.2s","expected-duration":"100ms"}',
    ],
  },
  {
    id: 'etcd-refused',
    breadth: 'plain',
    patterns: [/dial tcp \S+:(2379|2380): (connect: )?(connection refused|no route to host|i\/o timeout)/],
    meaning: 'An etcd member does not accept connections',
    cause: 'Its container is down, or a firewall closes 2379 and 2380.',
    remedy:
      'On that control plane: `crictl ps -a | grep etcd`, `crictl logs ID`; open 2379 and 2380 between control planes.',
    source: 'etcd-io/etcd: client/v3/retry_interceptor.go',
    examples: [
      '{"level":"warn","msg":"retrying of unary invoker failed","target":"etcd-endpoints://0xc0003/127.0.0.1:2379","error":"rpc error: code = DeadlineExceeded desc = latest balancer error: last connection error: connection error: desc = \\"transport: Error while dialing dial tcp 127.0.0.1:2379: connect: connection refused\\""}',
    ],
  },
  {
    id: 'etcd-overloaded',
    patterns: [/etcdserver: too many requests/, /etcdserver: request is too large/],
    meaning: 'etcd refuses a request: too many at once, or one that is too large',
    cause: 'A burst of writes, or an object of more than 1.5 MiB (a large ConfigMap or Secret).',
    remedy: 'Too many: wait, look at disk latency, `runbook resume`. Too large: split the object.',
    source: ERRORS,
    examples: [
      'Error from server: etcdserver: request is too large',
      'Error from server: etcdserver: too many requests',
    ],
  },
];
