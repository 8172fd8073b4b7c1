/** What a tool prints around a failure and that is no cause. */
export function surroundings(tool: string): { readonly before: readonly string[]; readonly after: readonly string[] } {
  return AROUND[tool] ?? { before: ['Created symlink /etc/systemd/system/x.service'], after: ['rc=1'] };
}

const APT = {
  before: [
    'Reading package lists...',
    'Building dependency tree...',
    'Reading state information...',
    '1 upgraded, 0 newly installed, 0 to remove and 3 not upgraded.',
    'debconf: delaying package configuration, since apt-utils is not installed',
  ],
  after: [],
};

const AROUND: Readonly<Record<string, { readonly before: readonly string[]; readonly after: readonly string[] }>> = {
  kubeadm: {
    before: [
      '[upgrade/config] Making sure the configuration is correct:',
      '[upgrade/config] Reading configuration from the cluster...',
      '[preflight] Running pre-flight checks.',
      '\t[WARNING Swap]: swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap.',
      '\t[WARNING SystemVerification]: missing optional cgroups: hugetlb',
      '[upgrade] Running cluster health checks',
      '[preflight] Some fatal errors occurred:',
    ],
    after: [
      '[preflight] If you know what you are doing, you can make a check non-fatal with `--ignore-preflight-errors=...`',
      'To see the stack trace of this error execute with --v=5 or higher',
    ],
  },
  'kubectl and the API server': {
    before: [
      'node/w1 cordoned',
      'WARNING: ignoring DaemonSet-managed Pods: demo/agent-mvksg, kube-system/kube-proxy-vczdh',
      'evicting pod demo/scratch-859d64699b-28rzm',
      'pod/scratch-859d64699b-28rzm evicted',
    ],
    after: ['There are pending nodes to be drained:', ' w1'],
  },
  apt: { ...APT, after: ['W: Some index files failed to download. They have been ignored, or old ones used instead.'] },
  dpkg: {
    before: [
      ...APT.before,
      'Unpacking kubelet (1.22.0-1.1) over (1.21.0-1.1) ...',
      'Setting up kubelet (1.22.0-1.1) ...',
    ],
    after: [
      'Errors were encountered while processing:',
      ' kubelet',
      'E: Sub-process /usr/bin/dpkg returned an error code (1)',
    ],
  },
  'dnf and rpm': {
    before: [
      'Last metadata expiration check: 0:39:13 ago on Wed 02 Sep 2020 09:18:41 AM CST.',
      'Dependencies resolved.',
      'Running transaction check',
    ],
    after: [
      "(try to add '--skip-broken' to skip uninstallable packages or '--nobest' to use not only best candidate packages)",
    ],
  },
  zypper: {
    before: ['Loading repository data...', 'Reading installed packages...', 'Resolving package dependencies...'],
    after: ['Some of the repositories have not been refreshed because of an error.'],
  },
  kubelet: {
    before: [
      'I0331 08:45:29.614064   13731 topology_manager.go:126] [topologymanager] Creating topology manager with none policy',
      'I0331 08:45:29.614128   13731 client.go:75] Connecting to docker on unix:///var/run/docker.sock',
    ],
    after: [
      'Nov 30 10:11:12 cp-1 systemd[1]: kubelet.service: Main process exited, code=exited, status=1/FAILURE',
      "Nov 30 10:11:12 cp-1 systemd[1]: kubelet.service: Failed with result 'exit-code'.",
      'Nov 30 10:11:13 cp-1 systemd[1]: kubelet.service: Start request repeated too quickly.',
    ],
  },
};
