import type { KnownText } from '../text.ts';

const MEDIA = 'openSUSE/libzypp: zypp-logic/zypp-media/mediaexception.cc';

export const zypper: readonly KnownText[] = [
  {
    id: 'zypper-lock',
    patterns: [/System management is locked by the application with pid \d+/],
    meaning: 'Another program holds the lock of zypper',
    cause: 'packagekitd, YaST, transactional-update or another zypper.',
    remedy:
      'Wait for the process named (`ps PID`; `systemctl stop packagekit`), or set `ZYPP_LOCK_TIMEOUT=300`; then `runbook resume`.',
    source: 'https://github.com/cobbler/cobbler/issues/1654',
    examples: [
      'System management is locked by the application with pid 4406 (y2base).',
      'System management is locked by the application with pid 739 (/usr/bin/zypper).',
    ],
  },
  {
    id: 'zypper-signature',
    patterns: [
      /Signature verification failed for (file|'?repomd|\S+)/,
      /is signed with an unknown key '?[0-9A-F]*'?/,
      /Signature verification failed \[[^\]]*\]/,
      /File '[^']*' from repository '[^']*' is unsigned/,
    ],
    meaning: 'zypper does not accept the signature of a repository or package',
    cause: 'The key is new, missing or expired.',
    remedy:
      '`rpm --import https://pkgs.k8s.io/core:/stable:/vX.Y/rpm/repodata/repomd.xml.key`, then `zypper --gpg-auto-import-keys refresh`; compare the fingerprint first.',
    source: 'https://github.com/kubernetes/kubernetes/issues/97077',
    examples: [
      "File 'repomd.xml' from repository 'Kubernetes' is signed with an unknown key '234654DA9A296436'. Continue? [yes/no] (no): no",
      "Warning: File 'repomd.xml' from repository 'Kubernetes' is signed with an unknown key '234654DA9A296436'.",
      "Signature verification failed for file 'repomd.xml' from repository 'kubernetes'.",
      ' - Signature verification failed for repomd.xml',
      'kubelet-1.32.9-150500.1.1.x86_64 (Kubernetes): Signature verification failed [4-Signatures public key is not available]',
    ],
  },
  {
    id: 'zypper-no-package',
    patterns: [/'[^']*' not found in package names/, /No provider of '[^']*' found/, /Package '[^']*' not found\.?$/],
    meaning: 'No repository of this node has this package or version',
    cause: 'The repository is of another minor, is disabled, or is not refreshed.',
    remedy: '`zypper search -s PACKAGE`, `zypper repos -u`, `zypper refresh`; set the version or repository to it.',
    source: 'openSUSE/zypper: src/SolverRequester.cc',
    examples: [
      "'kubeadm' not found in package names. Trying capabilities.",
      "No provider of 'kubeadm = 1.33.1' found.",
      "Package 'kubeadm-1.33.1' not found.",
    ],
  },
  {
    id: 'zypper-conflict',
    patterns: [
      /nothing provides (the requested )?'[^']*'/,
      /nothing provides .{1,300} needed by the (to be )?installed /,
      /the (to be )?installed \S+ (conflicts with|requires|obsoletes) /,
      /Problem: \d+: /,
    ],
    meaning: 'The packages asked for do not fit together',
    cause:
      'kubelet, cri-tools, kubernetes-cni and conntrack must be there in fitting versions; a lock or a missing repository is in the way.',
    remedy:
      '`zypper locks`, `zypper info --requires PACKAGE`; enable the repository that has it or name matching versions of all in one step.',
    source: 'openSUSE/libzypp: zypp/zypp/solver/detail/SATResolver.cc',
    examples: [
      "Problem: 1: nothing provides 'conntrack' needed by the to be installed kubelet-1.32.9-150500.1.1.x86_64",
      "Problem: the installed patterns-caasp-Node-1.15-20.x86_64 conflicts with 'kubeadm' provided by the to be installed kubeadm-1.32.9-150500.1.1.x86_64",
    ],
  },
  {
    id: 'zypper-no-metadata',
    breadth: 'general',
    patterns: [
      /Valid metadata not found at specified URL/,
      /Repository '[^']*' is invalid\./,
      /Skipping repository '[^']*' because of the above error/,
    ],
    meaning: 'A repository could not be read',
    cause: 'A wrong URL, no network, or a repository that is gone.',
    remedy:
      '`zypper repos -u`, `curl -v URL/repodata/repomd.xml` on the node; correct it (`zypper modifyrepo`, step `package-repo`) or disable it.',
    source: 'openSUSE/libzypp: zypp/RepoManager.cc',
    examples: [
      '[kubernetes|https://pkgs.k8s.io/core:/stable:/v1.32/rpm/] Valid metadata not found at specified URL',
      "Repository 'Kubernetes' is invalid.",
    ],
  },
  {
    id: 'zypper-media',
    patterns: [
      /File '[^']*' not found on medium '[^']*'/,
      /does not contain the desired medium/,
      /media may have changed/i,
    ],
    meaning: 'A file is no longer where the repository lists it',
    cause: 'The repository changed since its last refresh, or a mirror is not in sync.',
    remedy: '`zypper clean --all; zypper refresh --force`, then `runbook resume`.',
    source: MEDIA,
    examples: [
      "File './x86_64/kubelet-1.32.9-150500.1.1.x86_64.rpm' not found on medium 'https://pkgs.k8s.io/core:/stable:/v1.32/rpm/'",
    ],
  },
  {
    id: 'zypper-download',
    patterns: [
      /Download \(curl\) error for '[^']*'/,
      /Timeout exceeded when accessing '[^']*'/,
      /Location '[^']*' is temporarily unaccessible/,
      /Permission to access '[^']*' denied/,
    ],
    meaning: 'zypper could not download from a repository',
    cause: 'No network, DNS, a proxy (/etc/sysconfig/proxy), or a registration that has expired (SCC).',
    remedy:
      '`curl -v URL` on the node, `SUSEConnect --status`; set the proxy in /etc/sysconfig/proxy; then `runbook resume`.',
    source: MEDIA,
    examples: [
      "Download (curl) error for 'https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml':",
      "Timeout exceeded when accessing 'https://pkgs.k8s.io/core:/stable:/v1.32/rpm/repodata/repomd.xml'.",
    ],
  },
];
