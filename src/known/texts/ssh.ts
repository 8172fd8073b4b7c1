import type { KnownText } from '../text.ts';

const CONNECT = 'openssh/openssh-portable: sshconnect.c';

/** ssh, scp, sftp and rsync that a step runs itself. */
export const ssh: readonly KnownText[] = [
  {
    id: 'ssh-host-key-changed',
    patterns: [
      /REMOTE HOST IDENTIFICATION HAS CHANGED/,
      /Host key for \S+ has changed and you have requested strict checking/,
    ],
    meaning: 'The host key of the machine is not the one in known_hosts',
    cause: 'The machine was installed again, another one has its address, or someone is in between.',
    remedy:
      'Compare the fingerprint with the machine itself (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), then `ssh-keygen -R HOST`.',
    source: CONNECT,
    examples: [
      '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
      'Host key for 10.0.0.12 has changed and you have requested strict checking.',
    ],
  },
  {
    id: 'ssh-host-key-unknown',
    breadth: 'general',
    patterns: [
      /Host key verification failed/,
      /No \S+ host key is known for \S+ and you have requested strict checking/,
    ],
    meaning: 'The host key of the machine is not known here',
    cause: 'known_hosts of the login that runs the step lacks it.',
    remedy: '`ssh-keyscan HOST`, compare the fingerprint, and add it to the known_hosts of that login.',
    source: CONNECT,
    examples: [
      'Host key verification failed.',
      'No ED25519 host key is known for 10.0.0.12 and you have requested strict checking.',
    ],
  },
  {
    id: 'ssh-denied',
    patterns: [
      /Permission denied \((publickey|password|keyboard-interactive|gssapi|hostbased)[^)]*\)/,
      /Too many authentication failures/,
    ],
    meaning: 'The machine refuses the login',
    cause: 'The key is not in its authorized_keys, another user name, or too many keys were offered.',
    remedy:
      '`ssh -v USER@HOST` shows which keys are offered; add the key, or name it (`-i FILE -o IdentitiesOnly=yes`).',
    source: 'openssh/openssh-portable: sshconnect2.c',
    examples: [
      'ops@10.0.0.12: Permission denied (publickey,password).',
      'Received disconnect from 10.0.0.12 port 22:2: Too many authentication failures',
    ],
  },
  {
    id: 'ssh-key-permissions',
    patterns: [
      /WARNING: UNPROTECTED PRIVATE KEY FILE!/,
      /Permissions \d+ for '[^']*' are too open/,
      /Bad owner or permissions on \S+/,
    ],
    meaning: 'ssh does not use the key or configuration file: others may read or write it',
    cause: 'The mode of the file.',
    remedy: '`chmod 600 FILE`, owned by the login that uses it.',
    source: 'openssh/openssh-portable: authfile.c',
    examples: [
      "Permissions 0644 for '/root/.ssh/id_ed25519' are too open.",
      'Bad owner or permissions on /root/.ssh/config',
    ],
  },
  {
    id: 'ssh-connect',
    patterns: [/ssh: connect to host \S+ port \d+: /, /ssh: Could not resolve hostname \S+: /],
    meaning: 'The machine does not answer on its SSH port, or its name is not known',
    cause: 'It is down, a firewall, a wrong address or name.',
    remedy: '`ping HOST`, `nc -vz HOST 22`, `getent hosts NAME`; correct the address or open the port.',
    source: CONNECT,
    examples: [
      'ssh: connect to host 10.0.0.12 port 22: Connection refused',
      'ssh: connect to host 10.0.0.12 port 22: No route to host',
      'ssh: Could not resolve hostname worker-9: Name or service not known',
    ],
  },
  {
    id: 'ssh-kex',
    patterns: [
      /Unable to negotiate with \S+ port \d+: no matching/,
      /no matching (host key type|key exchange method|cipher|MAC) found/,
    ],
    meaning: 'The two SSH versions have no common algorithm',
    cause: 'An old or hardened sshd or client.',
    remedy:
      'The line lists what the other side offers: `-o KexAlgorithms=+NAME`, `-o HostKeyAlgorithms=+NAME`; better: upgrade the old side.',
    source: 'openssh/openssh-portable: kex.c',
    examples: [
      'Unable to negotiate with 10.0.0.12 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss',
    ],
  },
  {
    id: 'ssh-lost',
    breadth: 'broad',
    patterns: [
      /kex_exchange_identification: (Connection closed by remote host|read: Connection reset by peer)/,
      /client_loop: send disconnect: Broken pipe/,
      /Connection to \S+ closed by remote host/,
      /Timeout, server \S+ not responding/,
      /rsync error: error in rsync protocol data stream/,
      /scp: (Connection closed|lost connection)/,
      /^lost connection$/,
    ],
    meaning: 'The SSH connection was closed',
    cause: 'The other machine rebooted, its sshd refuses more logins (MaxStartups), or the network broke.',
    remedy: '`journalctl -u ssh` on the other machine; repeat when it answers.',
    source: 'openssh/openssh-portable: kex.c',
    examples: [
      'kex_exchange_identification: Connection closed by remote host',
      'client_loop: send disconnect: Broken pipe',
      'Connection to 10.0.0.12 closed by remote host.',
    ],
  },
];
