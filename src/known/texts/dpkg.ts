import type { KnownText } from '../text.ts';

export const dpkg: readonly KnownText[] = [
  {
    id: 'dpkg-interrupted',
    patterns: [/dpkg was interrupted, you must manually run/],
    meaning: 'An earlier dpkg was interrupted; packages are half installed',
    cause: 'A reboot, a kill or a full disk in the middle of an installation.',
    remedy:
      '`dpkg --configure -a` on the node (with `--force-confold` where it asks for a file), `dpkg --audit`; then `runbook resume`.',
    source: 'Debian/apt: apt-pkg/deb/debsystem.cc',
    examples: [
      "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem.",
      "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
    ],
  },
  {
    id: 'dpkg-conffile',
    patterns: [/end of file on .{1,40} at conffile prompt/],
    meaning: 'A package asked what to do with a changed configuration file',
    cause: 'The file (such as /etc/default/kubelet) was edited, and the new package brings another one.',
    remedy:
      '`dpkg --force-confold --configure -a` keeps yours and finishes; put a hold back that was lifted (`apt-mark hold kubelet`). In steps: `-o Dpkg::Options::=--force-confold`.',
    source: 'seen on Debian 12 with kubelet 1.22 (docs/real-cluster.md)',
    examples: [
      ' end of file on stdin at conffile prompt',
      'dpkg: error processing package kubelet (--configure): end of file on stdin at conffile prompt',
    ],
  },
  {
    id: 'dpkg-overwrite',
    patterns: [/trying to overwrite (shared )?'[^']*', which is/],
    meaning: 'Two packages bring the same file',
    cause: 'Such as a distribution package of Kubernetes or containerd beside that of its project.',
    remedy:
      'Remove the package that the line names second (`apt-get remove PACKAGE`), then `apt-get --fix-broken install`.',
    source: 'guillemj/dpkg: src/main/archives.c',
    examples: [" trying to overwrite '/usr/bin/crictl', which is also in package cri-tools-1.28 1.28.0-1"],
  },
  {
    id: 'dpkg-dependencies',
    breadth: 'broad',
    patterns: [/dependency problems prevent configuration of/, /dependency problems - leaving unconfigured/],
    meaning: 'A package cannot be configured because another one is missing or failed',
    cause: 'An earlier package in the same installation failed.',
    remedy: 'Repair the first package that failed, then `apt-get --fix-broken install` and `dpkg --configure -a`.',
    source: 'guillemj/dpkg: src/main/configure.c',
    examples: [
      'dpkg: dependency problems prevent configuration of kubeadm:',
      ' dependency problems - leaving unconfigured',
    ],
  },
  {
    id: 'dpkg-script',
    breadth: 'broad',
    patterns: [
      /installed \S+ package (pre|post)-(installation|removal) script subprocess (returned error exit status|was killed)/,
      /(pre|post)-(installation|removal) script subprocess returned error exit status \d+/,
    ],
    meaning: 'The installation script of a package failed',
    cause: 'Often a service that it restarts does not start.',
    remedy:
      'The lines before say what failed: `systemctl status SERVICE`, `journalctl -u SERVICE`. Then `dpkg --configure -a`.',
    source: 'guillemj/dpkg: src/main/script.c',
    examples: [' installed containerd package post-installation script subprocess returned error exit status 1'],
  },
  {
    id: 'dpkg-inconsistent',
    patterns: [
      /package is in a very bad inconsistent state/i,
      /The package \S+ needs to be reinstalled, but I can't find an archive for it/,
    ],
    meaning: 'A package is damaged and must be installed again',
    cause: 'Its installation or removal was cut off.',
    remedy:
      '`apt-get install --reinstall PACKAGE=VERSION`; without an archive: `dpkg --remove --force-remove-reinstreq PACKAGE`.',
    source: 'guillemj/dpkg: src/main/remove.c',
    examples: [
      ' Package is in a very bad inconsistent state; you should',
      "E: The package kubelet needs to be reinstalled, but I can't find an archive for it.",
    ],
  },
  {
    id: 'dpkg-archive',
    patterns: [
      /dpkg-deb: error: .*(is not a Debian format archive|corrupted|unexpected end of file|lzma error|paste subprocess|archive has premature)/,
      /corrupted filesystem tarfile/,
    ],
    meaning: 'A downloaded package file is damaged',
    cause: 'An interrupted download, a proxy page in its place, or a full disk.',
    remedy: '`apt-get clean`, `df -h`, then `runbook resume` downloads it again.',
    source: 'guillemj/dpkg: lib/dpkg',
    examples: [
      "dpkg-deb: error: '/var/cache/apt/archives/kubelet_1.32.9-1.1_amd64.deb' is not a Debian format archive",
    ],
  },
  {
    id: 'dpkg-failed',
    breadth: 'general',
    patterns: [/Sub-process \/usr\/bin\/dpkg returned an error code/, /dpkg: error processing (package|archive) \S+/],
    meaning: 'dpkg could not install a package',
    cause: 'The lines before it name the package and the reason.',
    remedy: '`runbook logs NODE STEP` shows all of it; `dpkg --audit`, `dpkg --configure -a`, then `runbook resume`.',
    source: 'Debian/apt: apt-pkg/contrib/fileutl.cc',
    examples: [
      'E: Sub-process /usr/bin/dpkg returned an error code (1)',
      'dpkg: error processing package kubelet (--configure):',
    ],
  },
];
