import type { KnownText } from '../text.ts';

const LOGGING = 'sudo-project/sudo: plugins/sudoers/logging.c';

/** sudo, doas and su. */
export const sudo: readonly KnownText[] = [
  {
    id: 'sudo-password',
    patterns: [
      /sudo: a password is required/,
      /sudo: a terminal is required to read the password/,
      /sudo: no password was provided/,
      /doas: (Auth(orization|entication) required|Authentication failed|a tty is required)/,
      /su: must be run from a terminal/,
    ],
    meaning: 'sudo wants a password and got none',
    cause: 'The login has no NOPASSWD rule, and no password was given.',
    remedy:
      'Set `become: { passwordFrom: prompt }` (or env:, file:, command:) in the inventory, or a NOPASSWD rule in /etc/sudoers.d.',
    source: LOGGING,
    examples: [
      'sudo: a password is required',
      'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper',
      'doas: Authorization required',
    ],
  },
  {
    id: 'sudo-wrong-password',
    patterns: [
      /sudo: \d+ incorrect password attempts?/,
      /^Sorry, try again\.$/,
      /sudo-rs: (incorrect authentication attempt|Maximum \d+ incorrect)/,
      /su: Authentication failure/,
    ],
    meaning: 'The password for sudo is wrong',
    cause: 'Another password on this node, or one that was changed.',
    remedy: 'Try it: `ssh USER@HOST sudo -v`. Name its source per node or group in `become.passwordFrom`.',
    source: LOGGING,
    examples: ['sudo: 3 incorrect password attempts', 'sudo: 1 incorrect password attempt', 'Sorry, try again.'],
  },
  {
    id: 'sudo-not-allowed',
    patterns: [
      / is not in the sudoers file/,
      /Sorry, user \S+ (is not allowed to execute|may not run sudo)/,
      /User \S+ is not allowed to run sudo on/,
      /doas: Operation not permitted/,
      /sudo-rs: (user \S+ is not allowed|I'm sorry \S+\. I'm afraid I can't do that)/i,
    ],
    meaning: 'This login may not use sudo for this command',
    cause: 'No rule in /etc/sudoers.d allows it on this node.',
    remedy:
      'On the node: `sudo -l -U USER`; add a rule, such as `USER ALL=(root) NOPASSWD: ALL` (`visudo -f /etc/sudoers.d/runbook`).',
    source: LOGGING,
    examples: [
      'ops is not in the sudoers file.  This incident will be reported.',
      "Sorry, user ops is not allowed to execute '/usr/bin/kubeadm upgrade node' as root on cp-1.",
      'Sorry, user ops may not run sudo on cp-1.',
    ],
  },
  {
    id: 'sudo-tty',
    patterns: [
      /sudo: (sorry, )?you must have a tty to run sudo/,
      /sudo: no tty present and no askpass program specified/,
    ],
    meaning: 'sudo wants a terminal on this node',
    cause: '`Defaults requiretty` in sudoers.',
    remedy: 'Add `Defaults:USER !requiretty` in /etc/sudoers.d (with `visudo`).',
    source: 'sudo-project/sudo: plugins/sudoers/sudoers.c',
    examples: ['sudo: sorry, you must have a tty to run sudo', 'sudo: no tty present and no askpass program specified'],
  },
  {
    id: 'sudo-sudoers-broken',
    patterns: [
      /sudoers(\.d\/\S+)?:\d+(:\d+)?: (syntax error|.*expecting)/,
      />>> \S*sudoers\S*: syntax error near line \d+/,
      /sudo: (parse|syntax) error in \S*sudoers\S* near line \d+/,
      /sudo: no valid sudoers sources found, quitting/,
      /sudo: \S*sudoers\S* is (world writable|owned by uid \d+, should be \d+|owned by gid \d+|mode \d+)/,
    ],
    meaning: 'The sudoers files of this node are broken',
    cause: 'A typing error in /etc/sudoers.d, or wrong owner and mode of a file there.',
    remedy: 'As root (console, `su`, `pkexec visudo`): `visudo -c` names the file and line. Owner root, mode 0440.',
    source: 'sudo-project/sudo: plugins/sudoers/gram.y',
    examples: [
      '/etc/sudoers.d/ops:1:18: syntax error',
      'sudo: no valid sudoers sources found, quitting',
      '>>> /etc/sudoers.d/ops: syntax error near line 1 <<<',
      'sudo: /etc/sudoers.d/ops is world writable',
    ],
  },
  {
    id: 'sudo-expired',
    patterns: [
      /sudo: (account validation failure, is your account locked\?|Account or password is expired|Password expired, contact|Account expired or PAM config)/,
      /sudo: your account has expired/,
      /Your account has expired; please contact your system administrator/,
      /You are required to change your password immediately/,
      /Password change required but no TTY available/,
    ],
    meaning: "The login's account or password has expired on this node",
    cause: 'Password ageing (`chage`), or a locked account.',
    remedy: 'On the node: `chage -l USER`; change the password, or `chage -M -1 -E -1 USER`.',
    source: 'sudo-project/sudo: plugins/sudoers/auth/pam.c',
    examples: [
      'sudo: Account or password is expired, reset your password and try again',
      'sudo: account validation failure, is your account locked?',
      'Password change required but no TTY available.',
    ],
  },
  {
    id: 'sudo-setuid',
    patterns: [
      /sudo: \S+ must be owned by uid 0 and have the setuid bit set/,
      /sudo: effective uid is not 0, is \S+ on a file system with the 'nosuid' option/,
      /sudo: The "no new privileges" flag is set/,
    ],
    meaning: 'sudo itself cannot become root on this node',
    cause:
      'Its owner or mode was changed (`chown -R`, `chmod -R`), its file system is mounted nosuid, or no_new_privs is set.',
    remedy: 'As root: `chown root:root /usr/bin/sudo; chmod 4755 /usr/bin/sudo`, or reinstall the package sudo.',
    source: 'sudo-project/sudo: src/sudo.c',
    examples: [
      'sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set',
      `sudo: The "no new privileges" flag is set, which prevents sudo from running as root.`,
    ],
  },
  {
    id: 'sudo-host',
    // sudo works all the same.
    breadth: 'last',
    patterns: [/sudo: unable to resolve host \S+/],
    meaning: 'The node cannot resolve its own host name',
    cause: 'Its name is missing in /etc/hosts. sudo still works, but may wait for DNS.',
    remedy: 'Add `127.0.1.1 NAME` to /etc/hosts on the node.',
    source: 'sudo-project/sudo: plugins/sudoers/sudoers_cb.c',
    examples: [
      'sudo: unable to resolve host cp-1: Name or service not known',
      'sudo: unable to resolve host cp-1: Temporary failure in name resolution',
    ],
  },
  {
    id: 'sudo-missing',
    patterns: [
      /sudo: (command )?not found/,
      /exec: "?sudo"?: (not found|executable file not found)/,
      /sudo: No such file or directory/,
    ],
    meaning: 'sudo is not installed on this node',
    cause: 'A minimal system, or one that uses doas.',
    remedy: 'Install sudo, or set `become: { method: doas | su | none }` in the inventory.',
    source: 'seen on Debian 12, dash and bash',
    examples: ['sh: 1: sudo: not found', 'bash: line 1: sudo: command not found'],
  },
];
