import type { KnownText } from '../text.ts';

const ERRNO = 'errno(3), as the C library words it';

/** What every program prints when the machine refuses something. */
export const system: readonly KnownText[] = [
  {
    id: 'disk-full',
    breadth: 'broad',
    patterns: [
      /No space left on device/i,
      /Disk quota exceeded/i,
      /\bENOSPC\b/,
      /There is not enough space on the disk/,
    ],
    meaning: 'A file system is full (space or inodes)',
    cause: 'Logs, images, old backups in /etc/kubernetes/tmp, or package caches fill it.',
    remedy:
      '`df -h; df -i` on the node. `journalctl --vacuum-size=200M`, `crictl rmi --prune`, `apt-get clean` or `dnf clean all`, old /etc/kubernetes/tmp/kubeadm-backup-*; then `runbook resume`.',
    source: ERRNO,
    examples: [
      "dpkg: error processing archive /var/cache/apt/archives/kubelet_1.32.9-1.1_amd64.deb (--unpack): cannot copy extracted data for './usr/bin/kubelet' to '/usr/bin/kubelet.dpkg-new': failed to write (No space left on device)",
      'failed to copy: failed to send write: write /var/lib/containerd/io.containerd.content.v1.content/ingest/8f2c/data: no space left on device',
      "cp: error writing '/var/backups/etcd.db': No space left on device",
      'tar: /var/tmp/x: Cannot write: Disk quota exceeded',
    ],
  },
  {
    id: 'inotify-limit',
    patterns: [
      /(inotify|fsnotify|\bwatch\b).{0,300}(no space left on device|too many open files)/i,
      /Failed to (add control inotify watch descriptor|allocate directory watch)/,
    ],
    meaning: 'The limit of inotify watches or instances is used up (not the disk)',
    cause: 'Many pods and log collectors watch files.',
    remedy:
      '`sysctl -w fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=8192`; keep it in /etc/sysctl.d.',
    source: 'https://github.com/kubernetes/minikube/issues/2381',
    examples: [
      'Unable to read manifest path "/etc/kubernetes/manifests": unable to create inotify: inotify_init: too many open files',
      'Failed to allocate directory watch: Too many open files',
      'inotify_add_watch /sys/fs/cgroup/cpu: no space left on device',
    ],
  },
  {
    id: 'read-only-file-system',
    patterns: [/Read-only file system/i, /\bEROFS\b/],
    meaning: 'A file system is mounted read-only',
    cause: 'The kernel did so after a disk error, or the system is immutable (/usr of MicroOS, Flatcar).',
    remedy:
      '`dmesg | grep -iE "i/o error|remount"`, `findmnt -o TARGET,OPTIONS`. After a disk error: check the disk and replace the node. Immutable: upgrade by its own tool.',
    source: ERRNO,
    examples: [
      "mkdir: cannot create directory '/var/lib/runbook': Read-only file system",
      'open /etc/kubernetes/manifests/etcd.yaml: read-only file system',
    ],
  },
  {
    id: 'out-of-memory',
    patterns: [
      /Cannot allocate memory/i,
      /\bOut of memory: Killed process/,
      /\bOOMKilled\b/,
      /oom-kill:/,
      /\boom-killer\b/,
      /^(fatal error: runtime: )?out of memory$/i,
      /Failed with result 'oom-kill'/,
    ],
    meaning: 'The machine has no memory left, and a process was killed or could not start',
    cause: 'Too much runs here, or a limit (cgroup, pod) is too low.',
    remedy: '`free -m`, `journalctl -k | grep -i oom`; free memory or move pods away (drain), then `runbook resume`.',
    source: ERRNO,
    examples: [
      'fork: Cannot allocate memory',
      '[12345.678] Out of memory: Killed process 2041 (kube-apiserver) total-vm:1412340kB, anon-rss:812340kB',
      'Reason:       OOMKilled',
    ],
  },
  {
    id: 'input-output-error',
    patterns: [/Input\/output error/i, /\bI\/O error, dev \S+/i, /blk_update_request: .*error/],
    meaning: 'The disk reports read or write errors',
    cause: 'A failing disk, controller or network storage.',
    remedy:
      '`dmesg -T | tail`, `smartctl -a DEVICE`. Do not upgrade this node: replace the disk, or the node (`remove-node`, then join).',
    source: ERRNO,
    examples: [
      "cp: error reading '/var/lib/etcd/member/snap/db': Input/output error",
      'blk_update_request: I/O error, dev sda, sector 123456 op 0x0:(READ)',
    ],
  },
  {
    id: 'text-file-busy',
    patterns: [/Text file busy/i],
    meaning: 'A program cannot be replaced while it runs',
    cause: 'A copy over the running kubelet, kubeadm or etcd.',
    remedy: 'Stop its service first, or copy to another name and `mv` it over; then start it.',
    source: ERRNO,
    examples: ["cp: cannot create regular file '/usr/local/bin/kubelet': Text file busy"],
  },
  {
    id: 'too-many-open-files',
    breadth: 'plain',
    patterns: [/Too many open files/i],
    meaning: 'A process or the machine has no file descriptors left',
    cause: 'A low limit (ulimit -n, LimitNOFILE=), or a leak.',
    remedy:
      '`cat /proc/PID/limits`, `sysctl fs.file-nr`; raise LimitNOFILE= in a drop-in of the service and restart it.',
    source: ERRNO,
    examples: ['accept tcp [::]:6443: accept4: too many open files'],
  },
  {
    id: 'no-processes',
    patterns: [
      /fork: (retry: )?Resource temporarily unavailable/i,
      /pthread_create failed/i,
      /failed to create new OS thread/,
    ],
    meaning: 'The machine allows no more processes or threads',
    cause: 'The limit of the user, cgroup (TasksMax=) or kernel (pid_max) is used up.',
    remedy: '`ps -eLf | wc -l`, `systemctl status` (Tasks); raise TasksMax= or pid_max, end what leaks.',
    source: ERRNO,
    examples: [
      '-bash: fork: retry: Resource temporarily unavailable',
      'runtime: failed to create new OS thread (have 2 already; errno=11)',
    ],
  },
  {
    id: 'command-not-found',
    breadth: 'plain',
    patterns: [
      /: command not found$/,
      /sh: (\S{1,200}: )?\d{1,6}: [\w./-]{1,200}: not found$/,
      /^env: '?[\w./-]{1,200}'?: No such file or directory$/,
      /executable file not found in \$PATH/,
    ],
    meaning: 'A program is not installed or not in PATH',
    cause: 'Its package is missing on this node, or PATH of a plain login lacks /usr/sbin or /usr/local/bin.',
    remedy: 'Install the package, or give the whole path; with sudo see `secure_path` in sudoers.',
    source: 'bash(1), dash(1)',
    examples: [
      'bash: line 3: etcdctl: command not found',
      'sh: 1: kubeadm: not found',
      '/tmp/script: line 4: jq: command not found',
      "env: 'python3': No such file or directory",
    ],
  },
  {
    id: 'not-executable',
    patterns: [
      /cannot execute( binary file)?: (Exec format error|required file not found|No such file)/i,
      /Exec format error/i,
    ],
    meaning: 'A program is of another architecture, or its interpreter is missing',
    cause:
      'An amd64 file on arm64 or the other way, a download that is an HTML page, or a script with Windows line ends.',
    remedy: '`file PROGRAM; uname -m`; install the one of this architecture.',
    source: ERRNO,
    examples: [
      'bash: /usr/local/bin/etcdctl: cannot execute binary file: Exec format error',
      'exec /usr/bin/kubelet: exec format error',
    ],
  },
  {
    id: 'shared-library',
    patterns: [/error while loading shared libraries: \S+: /, /version `GLIBC_[\d.]+' not found/],
    meaning: 'A program lacks a library, or needs a newer C library',
    cause: 'A file built for another distribution, or a half installed package.',
    remedy: '`ldd PROGRAM`; install the package that has the library, or the program built for this distribution.',
    source: 'ld.so(8)',
    examples: [
      'runc: error while loading shared libraries: libseccomp.so.2: cannot open shared object file: No such file or directory',
      "/usr/local/bin/tool: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /usr/local/bin/tool)",
    ],
  },
  {
    id: 'permission-denied',
    breadth: 'last',
    patterns: [/: Permission denied$/i, /Operation not permitted$/i],
    meaning: 'This login may not read, write or run that file',
    cause: 'The step ran without root, or SELinux, AppArmor or an immutable flag is in the way.',
    remedy:
      'Set `become` in the inventory. As root already: `ls -lZ FILE`, `lsattr FILE`, `ausearch -m avc -ts recent`.',
    source: ERRNO,
    examples: [
      'cat: /etc/kubernetes/admin.conf: Permission denied',
      'open /etc/kubernetes/pki/ca.key: permission denied',
    ],
  },
  {
    id: 'process-killed',
    breadth: 'general',
    patterns: [/^Killed$/, /: line \d+: +\d+ Killed\b/, /signal: killed\b/],
    meaning: 'A process was ended by SIGKILL',
    cause: 'The kernel had no memory left, a time limit ended it, or someone did.',
    remedy:
      '`journalctl -k | grep -iE "oom|killed"`, `free -m`; free memory or raise the limit, then `runbook resume`.',
    source: 'signal(7); bash(1)',
    examples: [
      '/tmp/script: line 12:  2041 Killed                  kubeadm upgrade apply -y v1.32.9',
      'signal: killed',
    ],
  },
];
