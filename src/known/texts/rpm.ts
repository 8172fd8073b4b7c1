import type { KnownText } from '../text.ts';

/** What rpm prints, also beneath dnf and zypper. */
export const rpm: readonly KnownText[] = [
  {
    id: 'rpm-disk',
    patterns: [
      /installing package \S+ needs \d+\S* (more )?((space|inodes) )?on the \S+ filesystem/,
      /At least \d+\S+ more space needed on the \S+ filesystem/,
    ],
    meaning: 'A file system has no room for the packages',
    cause: '/, /usr, /boot or /var is full.',
    remedy:
      '`df -h`, `dnf clean all`, `journalctl --vacuum-size=200M`, `dnf remove --oldinstallonly`; then `runbook resume`.',
    source: 'rpm-software-management/rpm: lib/rpmprob.cc',
    examples: [
      '  installing package kubelet-1.30.1-150500.1.1.x86_64 needs 110MB on the / filesystem',
      '  installing package kubelet-1.32.9-150500.1.1.x86_64 needs 72MB more space on the / filesystem',
      '   At least 72MB more space needed on the / filesystem.',
    ],
  },
  {
    id: 'rpm-file-conflict',
    patterns: [
      /file \S+ from install of \S+ conflicts with file from package/,
      /file \S+ conflicts between attempted installs of/,
    ],
    meaning: 'Two packages bring the same file',
    cause: 'Such as containerd.io beside containerd, or kubernetes-node beside kubelet.',
    remedy: 'Remove the package named last: `dnf remove PACKAGE` (or `dnf swap`), then `runbook resume`.',
    source: 'rpm-software-management/rpm: lib/rpmprob.cc',
    examples: [
      '  file /usr/bin/kubelet from install of kubelet-1.11.2-0.x86_64 conflicts with file from package kubernetes-node-1.9.1-2.x86_64',
    ],
  },
  {
    id: 'rpm-lock',
    patterns: [
      /Failed to obtain the transaction lock/,
      /can't create \S+ lock on \S+/,
      /Waiting for process with pid \d+ to finish/,
      /Another app is currently holding the yum lock/,
      /Failed to obtain rpm transaction lock/,
      /Waiting for a lock on the system repository/,
      /Existing lock \S+\.pid: another copy is running as pid \d+/,
    ],
    meaning: 'Another program holds the lock of dnf or rpm',
    cause: 'dnf-automatic, packagekit or an open dnf.',
    remedy:
      'Wait for the process named (`ps PID`, `systemctl status dnf-automatic packagekit`), then `runbook resume`. Never delete the lock.',
    source: 'rpm-software-management/rpm: lib/rpmlock.cc',
    examples: [
      'Failed to obtain the transaction lock (logged in as: ops).',
      "error: can't create transaction lock on /usr/lib/sysimage/rpm/.rpm.lock (Resource temporarily unavailable)",
      'Waiting for process with pid 4123 to finish.',
      'Another app is currently holding the yum lock; waiting for it to exit...',
    ],
  },
  {
    id: 'rpm-database',
    patterns: [
      /cannot open Packages database in/,
      /rpmdb: (damaged header|BDB\d+|Thread\/process)/,
      /You probably have corrupted RPMDB/,
      /DB_RUNRECOVERY/,
    ],
    meaning: 'The database of rpm is damaged',
    cause: 'A full disk, a crash or a kill during an installation.',
    remedy: '`df -h /var`, save the folder (`rpm --eval %_dbpath`), `rpm --rebuilddb`, then `runbook resume`.',
    source: 'rpm-software-management/rpm: lib/rpmts.cc',
    examples: [
      'error: cannot open Packages database in /var/lib/rpm',
      'error: rpmdb: BDB0113 Thread/process 4123/140 failed: BDB1507 Thread died in Berkeley DB library',
    ],
  },
  {
    id: 'rpm-scriptlet',
    breadth: 'broad',
    patterns: [/scriptlet failed, (exit status|signal) \d+/],
    meaning: 'The installation script of a package failed',
    cause: 'Often a service that it restarts does not start.',
    remedy: '`systemctl status SERVICE`, `journalctl -u SERVICE`; then `dnf reinstall PACKAGE`.',
    source: 'rpm-software-management/rpm: lib/rpmscript.cc',
    examples: ['error: %prein(kubelet-1.32.9-150500.1.1.x86_64) scriptlet failed, exit status 1'],
  },
];
