/** Facts that are never those of the cluster that a twin was made from, and why. Paths as {@link leavesOf} has them. */
export interface ByNature {
  readonly path: RegExp;
  readonly reason: string;
  /** What remains of a value; undefined: nothing is compared. */
  readonly kept?: (value: unknown) => unknown;
}

const isSet = (value: unknown) => value !== undefined;

export const byNature: readonly ByNature[] = [
  { path: /^(certificates|repositoryKeys)\.now$/, reason: 'the moment of reading' },
  { path: /^kubelet\.startedAt$/, reason: 'the twin begins later: its processes are as old as they were', kept: isSet },
  { path: /^kubelet\.binaryChangedAt$/, reason: 'likewise', kept: isSet },
  { path: /^(units|software)\[[^\]]*\]\.(startedAt|installed\.at)$/, reason: 'likewise', kept: isSet },
  { path: /^nodes\[[^\]]*\]\.heartbeat$/, reason: 'likewise', kept: isSet },
  { path: /^leases\[[^\]]*\]\.renewTime$/, reason: 'likewise', kept: isSet },
  { path: /^pods\[[^\]]*\]\.deletedAt$/, reason: 'likewise', kept: isSet },
  { path: /^etcd\[[^\]]*\]\.raftIndex$/, reason: 'it grows all the time', kept: isSet },
  { path: /^etcdHost\.ca$/, reason: 'a digest of a file that no facts contain', kept: isSet },
  { path: /^etcd\[[^\]]*\]\.problem$/, reason: "etcd's words for it", kept: isSet },
  {
    path: /^(runtime|adminConf|osUpdates|etcd|offered\[[^\]]*\])\.error$/,
    reason: "a program's words for it",
    kept: isSet,
  },
  { path: /^apiServers\[[^\]]*\]\.error$/, reason: "kubectl's words for it", kept: isSet },
  { path: /^staticPods\.strangers\[[^\]]*\]\.error$/, reason: "the parser's words for it", kept: isSet },
];
