import type { KnownText } from '../text.ts';

const ACQUIRE = 'Debian/apt: apt-pkg/acquire-item.cc';

/** What apt says of repositories: their keys, signatures and connections. */
export const aptRepositories: readonly KnownText[] = [
  {
    id: 'apt-no-pubkey',
    patterns: [/\bNO_PUBKEY [0-9A-F]{8,}/, /Missing key [0-9A-F]{16,}, which is needed to verify signature/],
    meaning: 'The key of a repository is missing on this node',
    cause: 'The keyring that signed-by names is not there, cannot be read by _apt, or holds another key.',
    remedy:
      'Fetch it again: `curl -fsSL https://pkgs.k8s.io/core:/stable:/vX.Y/deb/Release.key | gpg --dearmor --yes -o /etc/apt/keyrings/kubernetes-apt-keyring.gpg`, mode 0644; then `apt-get update`.',
    source: 'https://github.com/cilium/little-vm-helper-images/pull/58',
    examples: [
      "W: GPG error: https://packages.cloud.google.com/apt kubernetes-xenial InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY B53DC80D13EDEF05",
    ],
  },
  {
    id: 'apt-key-expired',
    patterns: [/\b(EXPKEYSIG|KEYEXPIRED) \S+/],
    meaning: 'The copy of the repository key on this node has expired',
    cause: 'The key of pkgs.k8s.io was prolonged, and this node has an old copy of it.',
    remedy:
      'Fetch Release.key again, of the newest minor (`.../core:/stable:/vX.Y/deb/Release.key`): `gpg --dearmor --yes --batch -o /etc/apt/keyrings/kubernetes-apt-keyring.gpg`; then `apt-get update`.',
    source: 'https://github.com/kubernetes/release/issues/3818',
    examples: [
      'W: GPG error: https://prod-cdn.packages.k8s.io/repositories/isv:/kubernetes:/core:/stable:/v1.26/deb  InRelease: The following signatures were invalid: EXPKEYSIG 234654DA9A296436 isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>',
      '  The following signatures were invalid: EXPKEYSIG 4D64390375060AA4 devel:kubic OBS Project <devel:kubic@build.opensuse.org>',
    ],
  },
  {
    id: 'apt-bad-signature',
    patterns: [/\bBADSIG \S+/, /Clearsigned file isn't valid, got 'NOSPLIT'/, /Signed file isn't valid, got 'NODATA'/],
    meaning: 'The signature of a repository does not fit its content',
    cause:
      'A proxy or captive portal answered instead, a mirror is in the middle of a sync, or a cached list is damaged.',
    remedy:
      '`curl -v URL/InRelease` shows what really comes. Delete /var/lib/apt/lists/*, `apt-get update`; a proxy: let it pass the repository unchanged.',
    source: 'Debian/apt: methods/gpgv.cc',
    examples: [
      'W: GPG error: http://archive.ubuntu.com/ubuntu jammy InRelease: The following signatures were invalid: BADSIG 871920D1991BC93C Ubuntu Archive Automatic Signing Key (2018) <ftpmaster@ubuntu.com>',
      "E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Clearsigned file isn't valid, got 'NOSPLIT' (does the network require authentication?)",
    ],
  },
  {
    id: 'apt-sqv',
    patterns: [/OpenPGP signature verification failed: (?!.*(NO_PUBKEY|EXPKEYSIG|Missing key))/],
    meaning: 'apt does not accept the signature of a repository',
    cause: 'Its policy (sqv, since Debian 13) refuses the key or its hash, such as SHA-1.',
    remedy: 'The text behind it says what is refused. Fetch a newer Release.key; an old mirror must be signed again.',
    source: ACQUIRE,
    examples: [
      'W: OpenPGP signature verification failed: https://mirror.example.com/deb  InRelease: Sub-process /usr/bin/sqv returned an error code (1), error message is: Signing key on 42D5A192B819C5DA is not bound: SHA1 is not considered secure since 2026-02-01T00:00:00Z',
    ],
  },
  {
    id: 'apt-release-not-yet-valid',
    patterns: [/Release file for \S+ is not valid yet/],
    meaning: 'A repository is newer than the clock of this node',
    cause: "The node's clock is behind.",
    remedy: '`timedatectl`, `chronyc makestep` (or `systemctl restart systemd-timesyncd`), then `runbook resume`.',
    source: ACQUIRE,
    examples: [
      'E: Release file for http://security.ubuntu.com/ubuntu/dists/jammy-security/InRelease is not valid yet (invalid for another 3h 12min 8s). Updates for this repository will not be applied.',
    ],
  },
  {
    id: 'apt-release-expired',
    patterns: [/Release file for \S+ is expired/],
    meaning: 'A repository was not refreshed for too long',
    cause: "A mirror that is no longer synchronised, or this node's clock is ahead.",
    remedy:
      'Synchronise the mirror or use another one; check `timedatectl`. A frozen mirror: `-o Acquire::Check-Valid-Until=false`.',
    source: ACQUIRE,
    examples: [
      'E: Release file for http://mirror.example.com/debian/dists/bookworm-updates/InRelease is expired (invalid since 5d 3h 2min 1s). Updates for this repository will not be applied.',
    ],
  },
  {
    id: 'apt-release-changed',
    patterns: [/Repository '[^']*' changed its '(Suite|Codename|Origin|Label|Version)' value from/],
    meaning: 'A repository changed its name, which apt wants confirmed',
    cause: 'Such as stable that became oldstable, or a mirror with a new label.',
    remedy: 'If it is expected: `apt-get update --allow-releaseinfo-change` on the node, then `runbook resume`.',
    source: ACQUIRE,
    examples: [
      "E: Repository 'http://deb.debian.org/debian buster InRelease' changed its 'Suite' value from 'stable' to 'oldstable'",
    ],
  },
  {
    id: 'apt-hash-mismatch',
    patterns: [/Hash Sum mismatch/, /File has unexpected size \(\d+ != \d+\)/],
    meaning: 'A downloaded file is not what its repository lists',
    cause: 'A mirror or cache in the middle of a sync, or a proxy that changes files.',
    remedy: 'Wait until the sync is over, delete /var/lib/apt/lists/*, `apt-get update`, then `runbook resume`.',
    source: ACQUIRE,
    examples: [
      'E: Failed to fetch https://pkgs.k8s.io/core:/stable:/v1.32/deb/Packages.gz  Hash Sum mismatch',
      'E: Failed to fetch http://archive.ubuntu.com/ubuntu/dists/jammy-updates/main/binary-amd64/Packages.xz  File has unexpected size (1234 != 1230). Mirror sync in progress?',
    ],
  },
  {
    id: 'apt-not-found',
    patterns: [/(Failed to fetch|Err:\d+).*\b404 {1,2}Not Found/, /^\s*404 {1,2}Not Found( \[IP: .*)?$/],
    meaning: 'A file of a repository is not there (404)',
    cause:
      'The package lists are old, the release is no longer on this mirror, or the URL is wrong (apt.kubernetes.io is gone).',
    remedy:
      '`apt-get update` and repeat. Still 404: correct the URL; Kubernetes: https://pkgs.k8s.io/core:/stable:/vX.Y/deb/.',
    source: 'https://kubernetes.io/blog/2023/08/31/legacy-package-repository-deprecation/',
    examples: [
      'E: Failed to fetch http://archive.ubuntu.com/ubuntu/pool/main/c/containerd/containerd_1.6.12-0ubuntu1_amd64.deb  404  Not Found [IP: 185.125.190.36 80]',
      '  404  Not Found [IP: 185.125.190.36 80]',
    ],
  },
  {
    id: 'apt-forbidden',
    patterns: [
      /(Failed to fetch|Err:\d+).*\b(401 {1,2}Unauthorized|403 {1,2}Forbidden|407 {1,2}Proxy Authentication Required)/,
      /^\s*(401 {1,2}Unauthorized|403 {1,2}Forbidden|407 {1,2}Proxy Authentication Required)( \[IP: .*)?$/,
    ],
    meaning: 'A repository or its proxy refuses this node',
    cause: 'Missing credentials (/etc/apt/auth.conf.d), or a proxy that does not allow the host.',
    remedy: '`curl -v URL` on the node; give the credentials, or let the proxy pass pkgs.k8s.io and its CDN.',
    source: 'Debian/apt: methods/http.cc',
    examples: [
      'E: Failed to fetch https://repo.example.com/deb/dists/stable/InRelease  403  Forbidden [IP: 10.1.2.3 443]',
      'E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  407  Proxy Authentication Required [IP: 10.1.2.3 3128]',
    ],
  },
  {
    id: 'apt-resolve',
    patterns: [
      /Could not resolve '[^']*'/,
      /Temporary failure resolving '[^']*'/,
      /Something wicked happened resolving '[^']*'/,
    ],
    meaning: 'This node cannot resolve the name of a repository',
    cause: 'DNS does not work on the node, or it must use a proxy or mirror.',
    remedy:
      '`getent hosts NAME`, /etc/resolv.conf. Behind a proxy: `Acquire::http::Proxy` in /etc/apt/apt.conf.d; or set `packages.baseUrl` to a mirror.',
    source: 'Debian/apt: methods/connect.cc',
    examples: [
      "E: Failed to fetch https://pkgs.k8s.io/core:/stable:/v1.32/deb/InRelease  Could not resolve 'pkgs.k8s.io'",
      "W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Temporary failure resolving 'deb.debian.org'",
    ],
  },
  {
    id: 'apt-connect',
    patterns: [
      /Could not connect to \S+:(\d+|http|https) \(/,
      /Cannot initiate the connection to \S+/,
      /(Failed to fetch|Err:\d+).*(Connection (timed out|refused|failed)|Unable to connect to)/,
    ],
    meaning: 'This node cannot connect to a repository or its proxy',
    cause: 'A firewall, no route, or a proxy that is down.',
    remedy:
      '`curl -v URL` on the node; open the firewall, or set the proxy in /etc/apt/apt.conf.d (`grep -r Proxy /etc/apt`).',
    source: 'Debian/apt: methods/connect.cc',
    examples: [
      'E: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Could not connect to deb.debian.org:80 (151.101.2.132), connection timed out',
      'W: Failed to fetch http://deb.debian.org/debian/dists/bookworm/InRelease  Unable to connect to 10.1.2.3:3128:',
    ],
  },
  {
    id: 'apt-tls',
    patterns: [
      /Certificate verification failed: The certificate is NOT trusted/,
      /No system certificates available\. Try installing ca-certificates/,
    ],
    meaning: 'apt does not trust the certificate of a repository',
    cause: "ca-certificates is missing, a proxy opens TLS, or the node's clock is wrong.",
    remedy: 'Install ca-certificates, add the CA of the proxy (`update-ca-certificates`), check `timedatectl`.',
    source: 'Debian/apt: methods/http.cc',
    examples: [
      'E: Failed to fetch https://pkgs.k8s.io/core:/stable:/v1.32/deb/InRelease  Certificate verification failed: The certificate is NOT trusted. The certificate issuer is unknown.  Could not handshake: Error in the certificate verification. [IP: 34.107.204.206 443]',
    ],
  },
  {
    id: 'apt-no-release',
    breadth: 'general',
    patterns: [
      /The repository '[^']*' (does not have|no longer has) a Release file/,
      /The repository '[^']*' is (not|no longer) signed/,
    ],
    meaning: 'A repository has no signed Release file that apt accepts',
    cause: 'A wrong URL or suite, a repository that is gone, or a signature that apt refused (see the lines before).',
    remedy: 'Open URL/InRelease with curl; correct the line in /etc/apt/sources.list.d, or fetch its key again.',
    source: ACQUIRE,
    examples: [
      "E: The repository 'https://apt.kubernetes.io kubernetes-xenial Release' does not have a Release file.",
      "E: The repository 'https://pkgs.k8s.io/core:/stable:/v1.26/deb  InRelease' is not signed.",
    ],
  },
];
