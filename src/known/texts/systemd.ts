import type { KnownText } from '../text.ts';

export const systemd: readonly KnownText[] = [
  {
    id: 'systemd-masked',
    patterns: [/Unit \S+ is masked/, /Failed to \S+ (unit|\S+): Unit file \S+ is masked/],
    meaning: 'The service is masked: systemd will not start it',
    cause: 'Someone disabled it with `systemctl mask`.',
    remedy: 'If it is to run: `systemctl unmask NAME`, then `systemctl start NAME`.',
    source: 'systemd/systemd: src/core/dbus-unit.c',
    examples: [
      'Failed to restart kubelet.service: Unit kubelet.service is masked.',
      'Failed to enable unit: Unit file /etc/systemd/system/containerd.service is masked.',
    ],
  },
  {
    id: 'systemd-no-unit',
    patterns: [
      /Unit \S+ (not found|could not be found)\.?/,
      /Failed to \S+ unit: Unit file \S+ does not exist/,
      /Unit \S+ not loaded\.?/,
    ],
    meaning: 'systemd does not know the service',
    cause: 'Its package is not installed, its name is another one, or `systemctl daemon-reload` is missing.',
    remedy: '`systemctl list-unit-files | grep NAME`; install the package, or `systemctl daemon-reload`.',
    source: 'systemd/systemd: src/core/dbus-unit.c',
    examples: [
      'Failed to restart kubelet.service: Unit kubelet.service not found.',
      'Unit containerd.service could not be found.',
      'Failed to stop keepalived.service: Unit keepalived.service not loaded.',
    ],
  },
  {
    id: 'systemd-bad-unit',
    patterns: [
      /Unit \S+ has a bad unit file setting/,
      /Service (has no ExecStart=|lacks both ExecStart= and ExecStop=)/,
    ],
    meaning: 'The unit file of the service is wrong',
    cause: 'A drop-in in /etc/systemd/system/NAME.d has an error, such as a second ExecStart=.',
    remedy: '`systemd-analyze verify NAME`, `systemctl cat NAME`; correct the drop-in, `systemctl daemon-reload`.',
    source: 'systemd/systemd: src/core/dbus-unit.c',
    examples: ['Failed to restart kubelet.service: Unit kubelet.service has a bad unit file setting.'],
  },
  {
    id: 'systemd-start-limit',
    breadth: 'general',
    patterns: [
      /Start request repeated too quickly/,
      /\(Result: start-limit-hit\)|Failed with result 'start-limit-hit'/,
    ],
    meaning: 'The service ended again and again, and systemd gave up',
    cause: 'It fails at its start.',
    remedy:
      '`journalctl -u NAME -n 50` has the reason; after the fix `systemctl reset-failed NAME; systemctl start NAME`.',
    source: 'systemd/systemd: src/core/unit.c',
    examples: [
      'kubelet.service: Start request repeated too quickly.',
      "Nov 30 10:11:12 cp-1 systemd[1]: containerd.service: Failed with result 'start-limit-hit'.",
    ],
  },
  {
    id: 'systemd-job-failed',
    breadth: 'general',
    patterns: [
      /Job for \S+ failed because (the control process exited with error code|a timeout was exceeded|the service did not take the steps|a fatal signal was delivered|of unavailable resources)/,
      /Job for \S+ failed\.?$/,
      /Job for \S+ canceled\./,
      /Dependency failed for /,
      /A dependency job for \S+ failed/,
      /systemd\[\d+\]: Failed to start /,
    ],
    meaning: 'The service did not start',
    cause: 'Its process ended, or did not become ready in time.',
    remedy: '`systemctl status NAME` and `journalctl -xeu NAME` have the reason; then `systemctl restart NAME`.',
    source: 'systemd/systemd: src/shared/bus-wait-for-jobs.c',
    examples: [
      'Job for kubelet.service failed because the control process exited with error code.',
      'Job for containerd.service failed because a timeout was exceeded.',
    ],
  },
  {
    id: 'systemd-no-bus',
    // Scripts of packages print it in a container too, and continue.
    breadth: 'general',
    patterns: [
      /System has not been booted with systemd as init system/,
      /Failed to connect to (system scope )?bus/i,
      /Failed to get D-Bus connection/,
    ],
    meaning: 'systemd does not answer on this machine',
    cause: 'It is a container, another init system runs, or D-Bus is down (memory, a full /run).',
    remedy: '`ps -p 1 -o comm=`, `df -h /run`; where dbus is down, restart it or reboot the node.',
    source: 'systemd/systemd: src/systemctl/systemctl-util.c',
    examples: [
      "System has not been booted with systemd as init system (PID 1). Can't operate.",
      'Failed to connect to bus: No such file or directory',
    ],
  },
  {
    id: 'systemd-auth',
    patterns: [/Interactive authentication required/, /Failed to \S+ \S+: Access denied/],
    meaning: 'This login may not manage services',
    cause: 'The step ran without root.',
    remedy: 'Set `become: { method: sudo }` in the inventory.',
    source: 'systemd/systemd: src/libsystemd/sd-bus/bus-common-errors.h',
    examples: ['Failed to restart kubelet.service: Interactive authentication required.'],
  },
  {
    id: 'systemd-namespace',
    patterns: [
      /code=exited, status=(203\/EXEC|226\/NAMESPACE|209\/STDOUT|217\/USER)/,
      /Failed at step (EXEC|NAMESPACE|USER|CHDIR|CGROUP) spawning/,
    ],
    meaning: 'systemd could not start the program of the service',
    cause:
      'The program is missing or not executable (203/EXEC), its user is unknown (217/USER), or a path that it is to mount is not there (226/NAMESPACE).',
    remedy:
      '`systemctl cat NAME` shows ExecStart=; check that file (`ls -lZ`), reinstall its package, `systemctl daemon-reload`.',
    source: 'systemd/systemd: src/core/exec-invoke.c',
    examples: [
      'Nov 30 10:11:12 cp-1 systemd[2041]: kubelet.service: Failed at step EXEC spawning /usr/bin/kubelet: No such file or directory',
      '    Process: 2041 ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS (code=exited, status=203/EXEC)',
    ],
  },
];
