import type { KnownText } from '../text.ts';

const LIBREPO = 'rpm-software-management/librepo: librepo/downloader.c';
const BASE = 'rpm-software-management/dnf: dnf/base.py';

/** dnf, dnf5, yum and rpm. */
export const dnf: readonly KnownText[] = [
  {
    id: 'dnf-key-missing',
    patterns: [
      /Public key for \S+ is not (installed|trusted)/,
      /GPG keys listed for the "[^"]*" repository are already installed but they are not correct for this package/,
      /The package is not signed|Package \S+ is not signed/,
    ],
    meaning: 'A package is signed with a key that this node does not have, or not signed',
    cause: 'gpgkey in kubernetes.repo is missing, or of another repository or minor.',
    remedy:
      '`rpm --import https://pkgs.k8s.io/core:/stable:/vX.Y/rpm/repodata/repomd.xml.key`, correct gpgkey= in /etc/yum.repos.d/kubernetes.repo, then `runbook resume`.',
    source: 'https://github.com/kubernetes/kubeadm/issues/1004',
    examples: [
      'Public key for ecaed8cbeff649711591e180d286b37d4b71bc6539ef0b598004e0bef7260ed7-kubelet-1.11.1-0.x86_64.rpm is not installed',
      'Package efde37cfcd34c8232daafb0337b8ba5fda70100ab6988fca71ba30ce929311dd-kubelet-1.9.1-0.x86_64.rpm is not signed',
      'The GPG keys listed for the "Kubernetes" repository are already installed but they are not correct for this package.',
    ],
  },
  {
    id: 'dnf-gpg-failed',
    breadth: 'general',
    patterns: [/GPG check FAILED/, /Signature verification failed\.$/],
    meaning: 'dnf did not accept the signature of a package',
    cause: 'The key is missing, expired or another one; the lines before name the package.',
    remedy:
      'Import the key again (`rpm --import .../repodata/repomd.xml.key`), `dnf clean all`, then `runbook resume`. Never `--nogpgcheck`.',
    source: 'rpm-software-management/dnf: dnf/cli/cli.py',
    examples: ['Error: GPG check FAILED'],
  },
  {
    id: 'dnf-repomd-signature',
    patterns: [/repomd\.xml (GPG signature verification error|signature could not be verified)/],
    meaning: "The signature of a repository's index is not accepted",
    cause: 'Its key (gpgkey, for repo_gpgcheck=1) has expired or changed, or a mirror is in the middle of a sync.',
    remedy:
      '`rpm --import https://pkgs.k8s.io/core:/stable:/vX.Y/rpm/repodata/repomd.xml.key`, `dnf clean all`, `dnf makecache`; then `runbook resume`.',
    source: 'https://github.com/kubernetes/website/issues/37445',
    examples: [
      "Error: Failed to download metadata for repo 'kubernetes': repomd.xml GPG signature verification error: Bad GPG signature",
      'https://packages.cloud.google.com/yum/repos/kubernetes-el7-x86_64/repodata/repomd.xml: [Errno -1] repomd.xml signature could not be verified for kubernetes',
    ],
  },
  {
    id: 'dnf-excluded',
    patterns: [
      /All matches were filtered out by exclude filtering for argument/,
      /is filtered out by exclude filtering/,
      /matches only (excluded packages|packages excluded by versionlock)/,
    ],
    meaning: 'The package is excluded or locked on this node',
    cause: '`exclude=` in kubernetes.repo, or a versionlock.',
    remedy:
      '`dnf versionlock list`, `grep -r exclude /etc/yum.repos.d /etc/dnf`. Install with `--disableexcludes=kubernetes` (dnf5: `--setopt=disable_excludes=kubernetes`), or `dnf versionlock delete PACKAGE`.',
    source: 'rpm-software-management/dnf5: libdnf5/base/log_event.cpp',
    examples: [
      'All matches were filtered out by exclude filtering for argument: kubelet-1.32.9',
      "Argument 'kubelet-1.32.9' matches only packages excluded by versionlock.",
      '  - package kubelet-1.32.9-150500.1.1.x86_64 from kubernetes is filtered out by exclude filtering',
    ],
  },
  {
    id: 'dnf-modular',
    patterns: [/filtered out by modular filtering/],
    meaning: 'A module stream hides the package',
    cause: 'A module (container-tools, cri-o) is enabled in another stream.',
    remedy: '`dnf module list --enabled`; `dnf module reset NAME` or enable the stream that has it.',
    source: 'https://github.com/kubernetes-sigs/kubespray/issues/7355',
    examples: [
      '  - package runc-1.0.0-64.rc10.module+el8.2.0+6369+1f4293b4.x86_64 is filtered out by modular filtering',
    ],
  },
  {
    id: 'dnf-no-match',
    breadth: 'general',
    patterns: [/No match for argument:? /, /Unable to find a match:? /, /^No package \S+ available\.?$/],
    meaning: 'No repository of this node has this package or version',
    cause: 'The repository is of another minor, is disabled, or lags behind.',
    remedy:
      '`dnf --showduplicates list PACKAGE --disableexcludes=all`, `dnf repolist`; set the version or repository to it.',
    source: BASE,
    examples: [
      'No match for argument: kubeadm-1.33.1',
      'Error: Unable to find a match: kubeadm-1.33.1',
      'No package kubelet-1.33.1 available.',
    ],
  },
  {
    id: 'dnf-conflict',
    breadth: 'general',
    patterns: [
      /^\s*- (conflicting requests|nothing provides .* needed by |package .* (conflicts with|requires) )/,
      /cannot install (both|the best (update )?candidate)/,
      /problem with installed package \S+/,
    ],
    meaning: 'The packages asked for do not fit together',
    cause:
      'kubelet, kubeadm, cri-tools and kubernetes-cni must fit; another package brings the same, or a repository is missing.',
    remedy:
      'The `- ` lines name them. `rpm -q PACKAGE`, remove the one in conflict, or name matching versions of all in one step (`--allowerasing` with care).',
    source: 'https://github.com/kubernetes/release/issues/1371',
    examples: [
      '  - package kubelet-1.18.4-0.x86_64 conflicts with kubernetes-cni provided by containernetworking-plugins-0.8.6-1.fc32.x86_64',
      '  - conflicting requests',
      ' Problem: cannot install both kubelet-1.19.0-0.x86_64 and kubelet-1.18.4-0.x86_64',
      '  - nothing provides conntrack needed by kubelet-1.32.9-150500.1.1.x86_64 from kubernetes',
    ],
  },
  {
    id: 'dnf-curl-resolve',
    patterns: [/Curl error \(6\)/, /curl#6 - /],
    meaning: 'This node cannot resolve the name of a repository',
    cause: 'DNS does not work on the node, or it must use a proxy or mirror.',
    remedy:
      '`getent hosts NAME`, /etc/resolv.conf; a proxy: `proxy=` in /etc/dnf/dnf.conf; or set `packages.baseUrl` to a mirror.',
    source: LIBREPO,
    examples: [
      "  - Curl error (6): Couldn't resolve host name for https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml [Could not resolve host: pkgs.k8s.io]",
    ],
  },
  {
    id: 'dnf-curl-connect',
    patterns: [/Curl error \((7|28|52|55|56)\)/, /curl#(7|28|56) - /],
    meaning: 'The connection to a repository failed or timed out',
    cause: 'A firewall, a proxy that is down, or a slow mirror.',
    remedy: '`curl -v URL` on the node; open the firewall or set `proxy=` in /etc/dnf/dnf.conf, then `runbook resume`.',
    source: LIBREPO,
    examples: [
      "  - Curl error (7): Couldn't connect to server for https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml [Failed to connect to pkgs.k8s.io port 443: Connection refused]",
      '  - Curl error (28): Timeout was reached for http://mirror.centos.org/centos/8/repodata/repomd.xml [Connection timed out after 30000 milliseconds]',
    ],
  },
  {
    id: 'dnf-curl-tls',
    patterns: [/Curl error \((35|51|58|60|77)\)/, /curl#(35|51|60|77) - /],
    meaning: 'dnf does not trust the certificate of a repository',
    cause: "A proxy opens TLS, ca-certificates is old, or the node's clock is wrong.",
    remedy: 'Put the CA into /etc/pki/ca-trust/source/anchors and run `update-ca-trust`; check `timedatectl`.',
    source: LIBREPO,
    examples: [
      '  - Curl error (60): SSL peer certificate or SSH remote key was not OK for https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml [SSL certificate problem: self-signed certificate in certificate chain]',
      '  - Curl error (35): SSL connect error for https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml [OpenSSL SSL_connect: Connection reset by peer]',
    ],
  },
  {
    id: 'dnf-status-code',
    patterns: [/Status code: (4\d\d|5\d\d) for \S+/, /Curl error \(22\)/, /\[Errno 14\] HTTPS? Error \d{3}/],
    meaning: 'A repository answered with an HTTP error',
    cause:
      '404: a wrong URL or a repository that is gone (yum.kubernetes.io). 401, 403: credentials, subscription or proxy. 5xx: the mirror.',
    remedy:
      'Open the URL of the line with curl. Correct baseurl in /etc/yum.repos.d; Kubernetes: https://pkgs.k8s.io/core:/stable:/vX.Y/rpm/.',
    source: LIBREPO,
    examples: [
      '  - Status code: 404 for https://packages.cloud.google.com/yum/repos/kubernetes-el7-x86_64/repodata/repomd.xml (IP: 142.250.74.46)',
    ],
  },
  {
    id: 'dnf-checksum',
    patterns: [/Downloading successful, but checksum doesn't match/, /checksum doesn't match/i],
    meaning: 'A downloaded file is not what its repository lists',
    cause: 'A mirror in the middle of a sync, or a caching proxy.',
    remedy: '`dnf clean all`, wait until the mirror is in sync, then `runbook resume`.',
    source: LIBREPO,
    examples: [
      "  - Downloading successful, but checksum doesn't match. Calculated: 5f1a(sha256)  Expected: 77b2(sha256)",
    ],
  },
  {
    id: 'dnf-mirrors',
    breadth: 'general',
    patterns: [
      /(all mirrors were already tried without success|All mirrors were tried)/,
      /Failed to (download metadata|synchronize cache) for repo/,
      /Cannot find a valid baseurl for repo/,
      /No more mirrors to try/,
      /Cannot (download|prepare internal mirrorlist)/,
    ],
    meaning: 'A repository could not be read from any mirror',
    cause: 'The lines before say why each one failed.',
    remedy: '`dnf repolist`, `curl -v BASEURL/repodata/repomd.xml` on the node; correct or disable that repository.',
    source: LIBREPO,
    examples: [
      "Error: Failed to download metadata for repo 'kubernetes': Cannot download repomd.xml: Cannot download repodata/repomd.xml: All mirrors were tried",
    ],
  },
  {
    id: 'dnf-no-repositories',
    patterns: [/There are no enabled repos/],
    meaning: 'The node has no enabled repositories',
    cause: 'It is not registered (subscription-manager), or every repository is disabled.',
    remedy: '`subscription-manager status` / `register`, `dnf repolist --all`, `dnf config-manager --enable ID`.',
    source: 'rpm-software-management/dnf: dnf/cli/commands/__init__.py',
    examples: [
      'Error: There are no enabled repositories in "/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d".',
    ],
  },
  {
    id: 'dnf-not-registered',
    // It is printed where other repositories are enough, too.
    breadth: 'last',
    patterns: [/This system is not (yet )?registered/],
    meaning: 'The node is not registered for the repositories of its distribution',
    cause: 'Its subscription is missing or has expired.',
    remedy: '`subscription-manager register`, `subscription-manager status`, `dnf repolist`; then `runbook resume`.',
    source: 'candlepin/subscription-manager',
    examples: [
      'This system is not registered with an entitlement server. You can use subscription-manager to register.',
    ],
  },
  {
    id: 'dnf-transaction-test',
    breadth: 'general',
    patterns: [
      /Error: Transaction test error:/,
      /Error: Transaction failed/,
      /Transaction couldn't start:/,
      /Rpm transaction failed/,
    ],
    meaning: 'rpm refused the transaction',
    cause: 'The lines after it name the conflict, the disk or the script.',
    remedy: '`runbook logs NODE STEP` shows all of it; remove what is in conflict, then `runbook resume`.',
    source: 'rpm-software-management/dnf: dnf/cli/cli.py',
    examples: ['Error: Transaction test error:', 'Error: Transaction failed'],
  },
];
